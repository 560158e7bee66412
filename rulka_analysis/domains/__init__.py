"""What is known of each kind of training program: a package each, whose `DOMAIN` says it."""

DOMAINS = ("trackmania", "rl")
"""Their names; the first is that of the project's own logs."""

PLAIN = "rl"
"""Taken where tags look like none, or like several: it expects least of a log."""
