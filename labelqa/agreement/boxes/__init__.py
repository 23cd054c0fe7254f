"""Agreement on bounding boxes.

Conventions
-----------
- A view is what one annotator drew on one image; a view without boxes is an answer too, where the views table lists it.
- Boxes are x_min, y_min, x_max, y_max in pixels. Two boxes may match from IoU `iou_threshold` on; every two views of an
  image are matched one to one so that the total IoU is largest, ties by class, then by place: the order of rows and
  the names of annotators change nothing.
- Scores are ratios of sums over pairs of views: F1 = matched boxes / boxes (both sides), mean IoU of the matches, PQ =
  F1 x mean IoU. Undefined is nan with a `reason`.
- Intervals are percentiles over whole images drawn anew, the same draws for every number of a result. An end that
  leaves the number out moves to it; where all draws are alike, as those of one image, there is no interval (nan).

Questions and functions
-----------------------
- How far do annotators draw the same boxes, beyond chance? `box_agreement` (`_agreement`, result in `_result`): sums
  over pairs in `_sums`, chance level in `_chance`, classes in `_classes`, published figures in `_kalos`.
- Where does it go wrong: for whom, which class, which size, when, and by which fault? Its tables (`_tables`,
  `_decomposition`).
- How well can a detector look on labels as noisy as these? `detector_ceiling` (`_ceiling`).
- Charts of all of these: `_plots`, which take tables.

References
----------
Kirillov et al., "Panoptic segmentation", CVPR 2019 (PQ). Braylan, Alonso and Lease, "Measuring annotator agreement
generally across complex structured, multi-object, and free-text annotation tasks", WWW 2022 (alpha from distances).
Tschirschwitz and Rodehorst, "KALOS finds consensus", CVPR 2026; "Label convergence", WACV 2025 (the ceiling). Lin et
al., "Microsoft COCO", ECCV 2014 (average precision). Bolya et al., "TIDE", ECCV 2020 (parts of the error).
"""
