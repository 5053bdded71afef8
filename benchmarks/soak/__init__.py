"""Thousands of answers through one screen: memory, file descriptors and threads stay where they were."""
