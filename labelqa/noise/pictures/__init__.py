"""Pictures that no label can be trusted on.

Conventions
-----------
- Every picture is opened once; `duplicates` takes what `image_issues` measured.
- A fault is a number beyond a limit, and both are shown; size, shape and colour are odd only beside the rest.
- Two pictures are the same where their pixels are, on a small grid; a hash only proposes pairs. Labelled differently,
  they are a *conflict*: one label is wrong for sure. On both sides of a split they are a *leak*.
- An item is an outlier by its distance to its nearest neighbours, compared with what is usual in the set.

Questions and functions
-----------------------
Which pictures are dark, blurred, broken, turned, or of an odd size?
    `image_issues`.
Which occur more than once, with which labels, on which side of a split?
    `duplicates`.
Which do not belong into the set?
    `outliers`; `neighbours` is the graph it rests on.

All names are those of `labelqa.noise`.

References
----------
Norouzi, Punjani and Fleet (2012), Fast search in Hamming space with multi-index hashing, CVPR. Zauner (2010),
Implementation and benchmarking of perceptual image hash functions. Ramaswamy, Rastogi and Shim (2000), Efficient
algorithms for mining outliers from large data sets, SIGMOD.
"""
