"""One ranked list of everything doubtful, and what reviewers decided."""
