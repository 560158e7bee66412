"""What ``tasks.py`` does, by job.

Nothing here needs more than Python's standard library and two modules of the package that need no
more, ``pages.locks`` and ``pages.locales``: the targets run before anything is installed.
"""
