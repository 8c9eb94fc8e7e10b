"""Every sentence a non-programmer reads about results, in one place; plain functions from figures to text."""
