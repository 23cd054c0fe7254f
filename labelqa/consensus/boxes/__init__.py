"""One box per object out of those of several annotators.

Conventions
-----------
- Boxes of different annotators are joined by falling IoU, never two of one view; classes play no part in joining.
- Support is the weight of the views that have a box here, as a share of all views of the item: whoever looked and drew
  nothing votes against. A cluster is an object from the quorum on, which is found from the data unless given.
- Votes count by peer PQ squared, edges by how steadily an annotator draws; habits are taken out before edges are
  placed, and the median annotator counts as having none.
- Spread, habit and deviation are shares of the box's side (0-1), spread also in pixels.

Questions and functions
-----------------------
- What is there, where are its edges, and how sure is that? `consensus_boxes` (`_consensus`, result in `_result`).
- Which boxes show one object, and is it one? `_voting`. Where do its edges lie? `_placing`. Both together: `_fit`.
- How good is each annotator, who missed what? The tables (`_tables`). One item drawn: `_plots`.

References
----------
Lipton, Elkan and Naryanaswamy, "Optimal thresholding of classifiers to maximize F1 measure", ECML 2014 (quorum).
DerSimonian and Laird, "Meta-analysis in clinical trials", Controlled Clinical Trials 7, 1986 (habits drawn towards 0).
"""
