"""Arithmetic on boxes."""
