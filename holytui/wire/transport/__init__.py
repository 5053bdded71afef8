"""HTTP connections, and the thread that runs one attempt."""
