"""What the fixes are worth: before and after on the same trusted test set."""
