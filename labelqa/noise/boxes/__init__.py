"""Boxes that are probably wrong."""
