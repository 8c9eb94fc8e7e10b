"""One file a format; each reads a folder into a `Dataset` or raises a `DataError`."""
