from __future__ import annotations

import io
import json

import pandas as pd
import pytest
from click.testing import CliRunner

from labelqa.cli import main

LABELS = "item_id,annotator_id,label\n" + "".join(
    f"{k},{who},{'dent' if k % 2 else 'ok'}\n" for k in range(30) for who in ("ann", "bob")
)


def run(*words: object) -> tuple[int, str, str]:
    done = CliRunner().invoke(main, [str(word) for word in words])
    return done.exit_code, done.stdout, done.stderr


@pytest.fixture
def labels(tmp_path):
    path = tmp_path / "labels.csv"
    path.write_text(LABELS + "98,ann,ok\n98,bob,dent\n", encoding="utf-8")
    return path


def test_the_queue_goes_to_stdout_and_talk_to_stderr(labels):
    code, out, err = run("flag", labels)
    table = pd.read_csv(io.StringIO(out))
    assert code == 0
    assert table.loc[0, ["item_id", "reasons"]].tolist()[0] == 98
    assert table.loc[0, "reasons"].startswith("ambiguous: people split")
    assert "Uncalibrated" in err


def test_json_and_limit(labels):
    _, out, _ = run("flag", labels, "--json", "--limit", 2)
    rows = json.loads(out)
    assert [row["rank"] for row in rows] == [1, 2]
    assert rows[0]["box_id"] is None


def test_probabilities_come_from_a_table(labels, tmp_path):
    ids = [*range(30), 98]
    probs = pd.DataFrame({"item_id": ids, "ok": [0.9 if k % 2 == 0 else 0.1 for k in ids]})
    probs.assign(dent=1 - probs["ok"]).to_csv(tmp_path / "probs.csv", index=False)
    _, out, _ = run("flag", labels, "--pred-probs", tmp_path / "probs.csv", "--limit", 1)
    assert pd.read_csv(io.StringIO(out)).loc[0, "item_id"] == 98


def test_pictures_are_looked_at(sample, tmp_path):
    code, _, err = run("flag", sample, "--images", sample, "--out", tmp_path / "queue.csv")
    table = pd.read_csv(tmp_path / "queue.csv")
    assert code == 0
    assert (table.head(24)["kind"] == "duplicate").all()
    assert "ImageIssues(n_items=300, n_flagged=16" in err


def test_decisions_calibrate_and_say_what_remains(labels, tmp_path):
    lines = [{"item_id": str(k), "action": "keep"} for k in (3, 11, 19, 27)]
    (tmp_path / "said.jsonl").write_text("\n".join(map(json.dumps, lines)), encoding="utf-8")
    _, _, err = run("flag", labels, "--decisions", tmp_path / "said.jsonl", "--max-wrong", 0.5)
    assert "wrong and not yet reviewed: 0 [0, " in err
    assert "4 decisions are too few, 100 are needed" in err


def test_files_are_never_overwritten_unasked(labels, tmp_path):
    out = tmp_path / "queue.csv"
    out.write_text("mine", encoding="utf-8")
    code, _, err = run("flag", labels, "--out", out)
    assert code == 3
    assert "queue.csv exists; choose another name or add --overwrite" in err
    assert run("flag", labels, "--out", out, "--overwrite")[0] == 0
    assert out.read_text(encoding="utf-8").startswith("rank,item_id")


def test_one_label_per_item_needs_evidence(tmp_path):
    path = tmp_path / "labels.csv"
    path.write_text("item_id,annotator_id,label\n1,ann,ok\n", encoding="utf-8")
    code, _, err = run("flag", path)
    assert code == 3
    assert "There is nothing to judge SOURCE by" in err


def test_decisions_are_applied_and_logged(labels, tmp_path):
    said = tmp_path / "said.jsonl"
    said.write_text('{"item_id": 98, "action": "relabel", "label": "ok", "reviewer": "kim"}\n', encoding="utf-8")
    code, out, err = run("apply", labels, said, "--out", tmp_path / "fixed", "--to", "csv")
    assert code == 0
    log = pd.read_csv(io.StringIO(out))
    assert log.loc[0, ["kind", "old", "new", "by"]].tolist() == ["relabel", "dent, ok", "ok", "kim"]
    fixed = pd.read_csv(tmp_path / "fixed" / "labels.csv", dtype=str)
    assert fixed.query("item_id == '98'")[["annotator_id", "label"]].to_numpy().tolist() == [["kim", "ok"]]
    assert "1 x relabel; written to" in err
    assert run("apply", labels, said, "--out", tmp_path / "fixed")[0] == 3


def test_unknown_decisions_stop_the_command(labels, tmp_path):
    said = tmp_path / "said.jsonl"
    said.write_text('{"item_id": 777, "action": "keep"}\n', encoding="utf-8")
    code, _, err = run("apply", labels, said, "--out", tmp_path / "fixed")
    assert code == 3
    assert "1 decisions are about items that the annotations do not have ('777')" in err
    assert not (tmp_path / "fixed").exists()
