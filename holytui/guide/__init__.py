"""The built-in offline model: a loopback server that speaks the real protocol, with faults on demand."""
