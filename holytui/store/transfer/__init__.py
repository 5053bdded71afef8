"""Import and export: the formats, and the way through files of any size."""
