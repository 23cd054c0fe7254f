"""Augmentation that keeps boxes and labels right, and a check of when it does not."""
