"""One answer as a state machine: inputs in, effects out. Pure values, without threads or clocks."""
