"""One experiment is one folder: configuration, cached steps, worker, store."""
