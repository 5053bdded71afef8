"""Attacks on holytui over the loopback: more text than anybody can read, and worse."""
