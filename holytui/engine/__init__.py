"""One answer's life: states, retry, recovery. Knows neither a screen nor SQL."""
