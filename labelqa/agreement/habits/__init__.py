"""What annotators do differently by habit: questions for the guideline, kept apart from mistakes.

Conventions
-----------
- A habit is what one annotator does everywhere and the others do not: it is large, and beyond chance after Holm's
  correction over everything tested in one call.
- Effects are shares: of the others' side length, of the side for edges (above 0: outwards), of the opportunities for
  events; of an offset, pixels. They are against the mean of the others; "large" is judged against the median annotator
  as well, so that one odd annotator does not make all others odd.
- Ends of intervals hold the effect. Where all draws of a rate are alike, Wilson's interval of so many items stands in.
- Boxes of one object are compared in pairs from IoU 0.3 on, lower than for agreement, or the loosest would not be seen.
- Who is the exception is settled by the majority of the views of an item, which needs three of them.

Questions and functions
-----------------------
- Guideline or mistake? `box_conventions` (`_conventions`, result in `_result`), which looks for habits in `_search`.
- Whose boxes are longer, or cut at one edge? `_edges` (effects by least squares).
- Whose file counts pixels in another way? `_offsets` (constant differences in pixels).
- Who groups, splits, misses small objects, swaps classes? `_rates` (events among opportunities).
- Which of it is worth a sentence? `_findings` (tests and words).
- What would agreement be if a habit were settled? `_settled`. Tables of all: `_tables`; the chart: `_plots`.

References
----------
Holm, "A simple sequentially rejective multiple test procedure", Scandinavian Journal of Statistics 6, 1979.
"""
