"""Boxes that are probably wrong, missing, loose, drawn twice or of the wrong class.

Conventions
-----------
- Every view is held against the other views of its item; where only one person looked, a detector stands for them.
- `doubt` is 0 to 1 and higher is worse; it ranks, and is no probability before `calibrate` has seen decisions.
- `*_score` is higher for better. What nobody can judge is nan, with a `reason`.
- An annotator's habits are no faults: `labelqa.agreement.box_conventions` finds them.

Questions and functions
-----------------------
- Which boxes, views and gaps should somebody look at, and why? `box_issues` (`_issues`).
- What do the others say about each box? `_box_evidence`. What does a detector say? `_detector`.
- Each fault as a row with its evidence in a sentence: `_fault_rows`.

References
----------
Tkachenko, Thyagarajan and Mueller, "ObjectLab: Automated diagnosis of mislabeled images in object detection data",
2023.
"""
