"""The Explore page: the curves themselves, by double click, with the network off.

`data` says what the page needs as plain data, `buckets` makes long series short, `page` writes the
files, and ``static/`` is what runs in the browser.
"""
