"""Agreement on bounding boxes."""
