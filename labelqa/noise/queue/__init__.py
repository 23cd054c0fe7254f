"""One ranked list of everything doubtful, and what reviewers decided.

Conventions
-----------
- Every finding gives rows of one form by one method, `Finding.to_queue`. Rows about an item are joined into one: the
  largest doubt about its label and every fault count, as if independent. Rows about a box stay by themselves.
- Conflicting duplicates come first and share the certainty that one of their labels is wrong; then the most doubtful.
- A decision is "keep", "relabel", "drop" or "unsure", one JSON object per line. A row is wrong where a reviewer changed
  or dropped it.
- What is reviewed in order from the top says how many errors were found; how many are left is told by rows drawn from
  the rest (`audit_sample`), stratum by stratum.

Questions and functions
-----------------------
What to look at, in which order, and why?
    `review_queue`.
What did reviewers say?
    `read_decisions`, `write_decisions`; `apply_decisions` carries them out.
Does 20 % mean one in five?
    `calibrate`.
How many errors are left, and when can we stop?
    `audit_sample`, then `remaining_errors`.

All names are those of `labelqa.noise`.

References
----------
Platt (1999), Probabilistic outputs for support vector machines. Cochran (1977), Sampling techniques, chapter 5.
Dalenius and Hodges (1959), Minimum variance stratification, JASA 54. Zou and Donner (2008), Construction of confidence
limits about effect measures, Statistics in Medicine 27. Wilson (1927), Probable inference, JASA 22.
"""
