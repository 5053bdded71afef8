"""Configured models: their endpoints, prices, and support for images."""
