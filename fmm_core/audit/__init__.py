"""Questions put to representations: what leaks, how surely, what it costs and whom."""
