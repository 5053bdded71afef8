"""Threads and queues: what carries out the effects of a turn."""
