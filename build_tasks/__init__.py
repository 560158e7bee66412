"""What ``tasks.py`` does, by job.

Nothing here needs more than Python's standard library and ``rulka_analysis.pages.locks``, which
needs no more: the targets run before anything is installed.
"""
