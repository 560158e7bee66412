"""What is known of each kind of training program: a package each, whose `DOMAIN` says it."""

DOMAINS = ("trackmania", "rl")
"""Their names; the first is taken where none is named."""
