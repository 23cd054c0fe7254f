"""Compiled arithmetic on boxes: arrays in, arrays out.

Conventions
-----------
- Boxes are float64 (B, 4), x_min, y_min, x_max, y_max; classes int32 codes (B,). They stand in views, views in items:
  the boxes of view v are ``[view_offsets[v], view_offsets[v + 1])``, the views of item i are
  ``[item_offsets[i], item_offsets[i + 1])``, as in `labelqa._codes.BoxCodes`.
- Boxes of a view are in box order, (x_min, y_min, x_max, y_max, label); that order settles ties, never an annotator's
  name. `tau` is the smallest IoU of a match.

Questions and modules
---------------------
- Which boxes of two views show the same object? `matching`, exact by `assignment`. Why has one no partner? `mismatch`.
- Which boxes of many views show one object? `clustering`; what do they say of each other and of annotators? `votes`.
- One box round several objects, several for one? `grouping`. Habits of drawing? `edge_bias`.
- Average precision with images drawn anew: `average_precision`; intervals of ratios of sums: `image_bootstrap`.

References
----------
Jonker and Volgenant, "A shortest augmenting path algorithm for dense and sparse linear assignment problems", Computing
38, 1987. Lin et al., "Microsoft COCO", ECCV 2014.
"""
