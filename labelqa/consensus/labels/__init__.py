"""One label per item out of several."""
