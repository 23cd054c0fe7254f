"""Agreement on labels of whole items.

Conventions
-----------
- An item is *paired* with two labels or more; agreement is seen on paired items only. Alpha takes no others; the other
  coefficients take class shares from all labelled items.
- A label counts once, whoever gave it: where an annotator labelled an item again, both labels count. Where annotators
  are told apart (Cohen, Conger, tables of annotators and pairs), an annotator is not compared with themselves.
- Classes are in the order of `classes=`, of an ordered categorical, or natural; one that nobody used counts where it is
  named, which moves `gwet_ac` and `brennan_prediger`.
- Two labels agree by a weight from 0 to 1, from the `level` of measurement or `weights`: 1 where they are equal.
- Numbers have an order; texts only where `classes=` or an ordered categorical states it, and are refused where it
  counts (ordinal levels, named weights, a matrix) and nobody did.
- The interval is Student's from the standard error over items, or the percentiles of resampled items (`n_resamples`);
  an end that leaves the value out moves to it. It is nan where all items agree alike, as one alone does: a point would
  say that others cannot differ. `share_undefined` says how many resamples it rests on.

Questions and functions
-----------------------
How far do annotators agree beyond chance?
    `krippendorff_alpha`: any number of annotators, missing labels, every level.
    `fleiss_kappa`, `scott_pi`: as if all had the same habits. `conger_kappa`, `cohen_kappa`: each with their own.
    `gwet_ac`: steadier where one class is frequent. `brennan_prediger`: against guessing evenly among the classes.
    `percent_agreement`: chance included.
Where do they disagree, and who?
    `label_agreement`: per class, pair of classes, item, annotator, pair of annotators, week; labels given again.
What may the number be called, and could it be chance?
    `benchmark_scale`, `permutation_test`.
Did agreement change?
    `compare_agreement`: items of both sets matched by their id.
How many items, and which ones, need more labels?
    `items_needed`, `items_to_relabel`.
How do labels get in?
    `from_wide`, `from_contingency`, `from_counts`, or `collect_labels` piece by piece: ``+`` adds pieces up.

All names are those of `labelqa.agreement`.

References
----------
Krippendorff (2011), Computing Krippendorff's alpha-reliability. Gwet (2021), Handbook of inter-rater reliability, 5th
edition: coefficients, weights, standard errors. Cohen (1960), Educational and Psychological Measurement 20. Scott
(1955), Public Opinion Quarterly 19. Fleiss (1971), Psychological Bulletin 76. Conger (1980), Psychological Bulletin 88.
Brennan and Prediger (1981), Educational and Psychological Measurement 41. Passonneau (2006), LREC: sets. Fleiss, Cohen
and Everitt (1969), Psychological Bulletin 72: errors of pairs. Efron and Tibshirani (1993), An introduction to the
bootstrap.
"""
