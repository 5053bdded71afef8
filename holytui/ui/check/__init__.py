"""The page with the complete check."""
