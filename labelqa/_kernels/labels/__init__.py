"""Arithmetic on labels of whole items."""
