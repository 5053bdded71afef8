"""Sync by files in a folder that other programs or people carry between hosts."""
