"""One history for several hosts through a PostgreSQL database. Each host's own file stays its journal."""
