"""Agreement on labels of whole items."""
