"""Reading and writing annotation files; what was mapped is reported, never guessed.

Formats: `table` (long CSV, TSV, Parquet, JSONL or JSON records, one file or a folder of `labels`, `boxes`, `views`,
`items`), `coco` (COCO JSON, one file per annotator or `rater_id` / `rater_list`), `label_studio` (Label Studio JSON).
"""

from __future__ import annotations

from labelqa.readers._read import read
from labelqa.readers._write import write

__all__ = ["read", "write"]
