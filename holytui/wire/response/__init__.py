"""Response bodies: SSE, JSON chunks and errors."""
