"""`labelqa.convert`: one format in, another out."""

from __future__ import annotations

import pandas as pd
import pytest

import labelqa


def test_it_gives_and_writes_what_it_read(sample, tmp_path):
    given = labelqa.convert(sample, tmp_path / "all.json", allow_loss=True)
    again = labelqa.convert(tmp_path / "all.json", tmp_path / "tables", to="csv")
    for table in ("labels", "boxes"):
        assert len(getattr(given, table)) == len(getattr(again, table)) > 0
    assert (tmp_path / "tables" / "boxes.csv").is_file()
    assert given.checks["finding"].str.contains("gold.csv").any()


def test_the_annotator_is_named_as_in_read(tmp_path):
    pd.DataFrame({"item_id": ["1"], "label": ["ok"]}).to_csv(tmp_path / "ann.csv", index=False)
    given = labelqa.convert(tmp_path / "ann.csv", tmp_path / "out", annotator_from="filename")
    assert given.labels["annotator_id"].tolist() == ["ann"]


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        (
            {"to": "xml"},
            labelqa.OptionError,
            "to='xml' is not known; choose one of 'parquet', 'csv', 'coco', 'label_studio'",
        ),
        ({"target": "."}, FileExistsError, "exists and is not overwritten"),
        ({"source": "nowhere"}, FileNotFoundError, "There is nothing at nowhere"),
    ],
)
def test_refused_before_anything_is_written(sample, tmp_path, options, error, message):
    target = tmp_path / "out"
    with pytest.raises(error, match=message):
        labelqa.convert(**{"source": sample, "target": target, **options})
    assert not target.exists()
