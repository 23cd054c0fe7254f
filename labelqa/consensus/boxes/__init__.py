"""One box per object out of several."""
