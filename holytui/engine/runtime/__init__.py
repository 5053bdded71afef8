"""Threads and queues that carry out the effects of a turn."""
