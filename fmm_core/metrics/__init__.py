"""Arrays in, numbers out: ranking accuracy and differences between groups."""
