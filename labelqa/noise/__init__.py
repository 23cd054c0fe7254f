"""Which samples are doubtful, in which order to review them, and how many errors remain."""
