"""One history shared through PostgreSQL; skipped where there is no server program."""
