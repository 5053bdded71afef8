"""From one frame to the next in few bytes: cells, frames, scrolling, SGR sequences."""
