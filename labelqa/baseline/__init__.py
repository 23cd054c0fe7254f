"""A simple, deterministic classifier that shows what the labels can teach."""
