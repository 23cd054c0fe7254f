"""Reading and writing annotation files; what was mapped is reported, never guessed.

Conventions
-----------
Formats: "table" (long CSV, TSV, Parquet, JSONL, JSON records or Excel, one file or a folder of `labels`, `boxes`,
`views`, `items`), "coco" (COCO JSON, one file per annotator or `rater_id` / `rater_list`), "label_studio" (its JSON),
"label_studio_min" (its flat JSON_MIN, CSV and TSV), "cvat" (CVAT XML), "voc", "yolo" and "labelme" (folders), "prodigy"
(its JSONL), "labelbox" (its NDJSON), "zooniverse", "mturk" and "toloka" (tables of results), "argilla" (records), "via"
(JSON and CSV), "imagefolder" (of Hugging Face), "wide_table" and "class_folders" (which have to be named).
What was in a file is in the tables, or counted
in `Annotations.checks` by what it was and why it was left out, or the file is refused, with file and record.
Ids are text. Boxes are corners in pixels. *Looked and drew nothing*, *skipped* and *never opened* stay three different
things as far as a format can say them. Gold tables that lie beside the annotations are not read: they are nobody's
annotations. Nothing is ever overwritten.

Questions
---------
- What stands in this file, and who said it? `read`; `Annotations.checks` lists what was mapped, left out and corrected.
- How do I keep it, or hand it on? `write`; in one go with reading: `convert`.
- How do I get the fixes back into the tool it came from? `write_back`.
- Which formats are there, and what does each have no place for? `FORMATS`.

Map
---
`read` -> `Annotations`; `write`; `write_back` -> DataFrame; `convert` -> `Annotations`; `FORMATS`: a `Format` each;
`TABLE_SUFFIXES`: endings of the files that are looked at in a folder.

References
----------
Lin et al., "Microsoft COCO: common objects in context", ECCV 2014; Label Studio, "Export annotations": JSON.
"""

from __future__ import annotations

from labelqa.readers._convert import convert
from labelqa.readers._formats import FORMATS, Format
from labelqa.readers._read import read
from labelqa.readers._write import write
from labelqa.readers._write_back import write_back
from labelqa.readers.formats.table import TABLE_SUFFIXES

__all__ = ["FORMATS", "TABLE_SUFFIXES", "Format", "convert", "read", "write", "write_back"]


def __dir__() -> list[str]:
    return sorted(__all__)
