"""The whole job in one call: from raw annotations to a report with before and after.

Questions
---------
How good are these labels, how sure is that, and what should be done on Monday? `run_audit` reads and checks, measures
agreement, finds the consensus, flags what looks wrong, retrains a simple model before and after fixes, and leaves a
folder; `load_audit` reads it; `labelqa.report.write_report` makes its page anew.

Conventions
-----------
- Everything grows in a hidden folder beside `out` that takes its name at the end: a folder that is there is whole.
- Steps hand on the rooms' own results (`Found`), never strings; a step that cannot say anything says why. Results are
  stored as they are, so an interrupted audit goes on from its finished steps and gives what an uninterrupted one gives.
- What could not be used is listed in `problems`; the audit is then partial, and everything else holds.
- `summary.json` has every number of the page and of the results but their tables, which stand beside it as CSV and
  Parquet; its schema is `summary.schema.json` in this package. Shares are 0 to 1, undefined numbers are null.

Where things are
----------------
- `_run`: the order of the job; `_reading`: what goes in, with fingerprints; `_found`: what steps see and hand on.
- `steps/`: one file a step, from the case at hand to a result. To add one, see there.
- `sections/`: one file a part of the page, from results to blocks of `labelqa.report`. To add one, see there.
- `_folder`, `_storing`: the growing folder, and results on disk; `_writing`: what an audit leaves behind; `_result`:
  what it gives back to Python.

References
----------
JSON Schema, draft 2020-12: the language of `summary.schema.json`.
"""

from labelqa.audit._result import Audit, load_audit
from labelqa.audit._run import run_audit

__all__ = ["Audit", "load_audit", "run_audit"]


def __dir__() -> list[str]:
    return sorted(__all__)
