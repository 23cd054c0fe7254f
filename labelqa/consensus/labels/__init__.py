"""One label per item out of several, with its probability, and how good each annotator is.

Conventions
-----------
- `annotations` are `labelqa.Annotations` or a table with `item_id`, `annotator_id`, `label`; several labels of one
  annotator on an item are several votes.
- `gold` (a table with `item_id`, `label`) is trusted and never overruled; `pred_probs` (a row per item, a column per
  class) is a classifier's opinion and serves as prior.
- Every method gives a `LabelConsensus`: `table` (one row per item), `annotators`, `classes`, and on demand
  `probabilities` and `confusion`. Probabilities and qualities are shares, 0 to 1; `low` and `high` end 95 % intervals.
- Where two labels are as probable, `is_tied` is true and the one that is more frequent over all votes is given, of
  equals the first in natural order. An item of which nothing is known has no label and probability nan.
- Nothing is drawn at random but the held-out labels of `consensus_labels`, by its `seed`.

Questions and functions
-----------------------
What is the label of each item, without choosing a method?
    `consensus_labels`.
What do most people say?
    `majority_vote`: what any other method must beat.
Who mixes up what?
    `dawid_skene`: a confusion matrix per annotator. `one_coin`: one accuracy per annotator, for few labels.
Who clicks without looking?
    `mace`.
Which items are hard?
    `glad`.
What does cleanlab make of the same?
    `crowdlab`.
What changes with new labels?
    `update`.
How often is a consensus right, where the truth is known?
    `expected_accuracy`.

References
----------
- A. P. Dawid, A. M. Skene (1979). Maximum likelihood estimation of observer error-rates using the EM algorithm. Applied
  Statistics 28(1).
- J. Whitehill, P. Ruvolo, T. Wu, J. Bergsma, J. Movellan (2009). Whose vote should count more. NeurIPS.
- D. Hovy, T. Berg-Kirkpatrick, A. Vaswani, E. Hovy (2013). Learning whom to trust with MACE. NAACL.
- Y. Zhang, X. Chen, D. Zhou, M. I. Jordan (2016). Spectral methods meet EM. JMLR 17.
- Y. Li, B. Rubinstein, T. Cohn (2019). Exploiting worker correlation for label aggregation in crowdsourcing. ICML.
- H. W. Goh, U. Tkachenko, J. Mueller (2022). CROWDLAB. arXiv 2210.06812.
"""
