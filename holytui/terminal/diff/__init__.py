"""The shortest output from one frame to the next: cells, frames, scrolling, SGR sequences."""
