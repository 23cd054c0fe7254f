"""One answer from many: labels with probabilities, boxes with their spread, annotators with their quality."""
