"""Labels that are probably wrong.

Conventions
-----------
- Judged is one label per item: the annotators' majority (of equals the first class), or `given`.
- Evidence has three sources, none of which has seen the label it judges: a cross-validated model (or your
  `pred_probs`), the vote of the nearest neighbours, and the other annotators, weighed by how reliable each is.
- `doubt` is the log-odds of the best other class against the given one. *Ambiguous* is a label where people split, or
  two classes fit alike: no label there is simply wrong.
- Without a readable picture, or with one class, nothing is said: doubt is nan, the verdict "unknown".

Questions and functions
-----------------------
Which labels are wrong, and what should they be?
    `label_issues`.
Which labels does a model's own probability contradict, counted class by class?
    `confident_learning`, with the filters and the flags of cleanlab.
Which classes are labelled badly, and which pairs are mixed up?
    `class_health`.
What does my own classifier say?
    `model_probabilities`: an ONNX file and pictures.

All names are those of `labelqa.noise`.

References
----------
Northcutt, Jiang and Chuang (2021), Confident learning, JAIR 70. Zhu, Dong and Liu (2022), Detecting corrupted labels
without training a model to predict, ICML. Heskes (1998), Selecting weighting factors in logarithmic opinion pools,
NIPS. Dawid and Skene (1979), Maximum likelihood estimation of observer error-rates, Applied Statistics 28.
"""
