"""Raw files in, one frozen `Dataset` out."""
