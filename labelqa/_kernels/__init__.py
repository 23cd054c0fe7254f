"""Arithmetic on arrays, compiled on first use: no pandas, no input or output, no warnings."""
