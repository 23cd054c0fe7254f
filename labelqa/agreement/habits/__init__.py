"""What annotators do differently by habit."""
