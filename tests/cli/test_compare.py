import json

import numpy as np
import pandas as pd
import pytest
from click.testing import CliRunner

from labelqa.cli import main


def run(*arguments):
    return CliRunner().invoke(main, [str(each) for each in arguments])


@pytest.fixture
def files(tmp_path):
    """Labels before and after, test labels, features, decisions: a third of the labels before say "ok" in error."""
    rng = np.random.default_rng(0)
    ids = [f"i{k}" for k in range(700)]
    code = rng.integers(0, 3, 700)
    rows = rng.normal(size=(3, 8))[code] * 2 + rng.normal(size=(700, 8))
    truth = pd.Series(np.array(["dent", "ok", "scratch"])[code], index=ids, dtype=object)
    clean, noisy = truth[:400], truth[:400].where(rng.random(400) > 0.33, "ok")
    for name, labels in (("before", noisy), ("after", clean), ("test", truth[400:])):
        table = pd.DataFrame({"item_id": labels.index, "annotator_id": "ann", "label": labels.to_numpy()})
        table.to_csv(tmp_path / f"{name}.csv", index=False)
    columns = [f"f{k}" for k in range(8)]
    pd.DataFrame(rows, index=ids, columns=columns).rename_axis("item_id").to_parquet(tmp_path / "features.parquet")
    lines = [
        json.dumps({"item_id": item, "action": "relabel", "label": clean[item], "reviewer": "ann"})
        for item in clean.index[clean != noisy]
    ]
    (tmp_path / "decisions.jsonl").write_text("\n".join(lines))
    return tmp_path


def test_arms_as_csv_and_the_verdict_in_words(files, tmp_path):
    done = run("compare", files / "before.csv", files / "after.csv", "--test", files / "test.csv",
               "--features", files / "features.parquet", "--no-curves")  # fmt: skip
    assert done.exit_code == 0, done.stderr
    (tmp_path / "arms.csv").write_text(done.stdout)
    arms = pd.read_csv(tmp_path / "arms.csv")
    assert arms["arm"].tolist() == ["before", "after", "placebo relabel (for relabel)"]
    assert done.stderr.startswith("helps: +")
    assert "relabel against placebo relabel" in done.stderr


def test_decisions_make_the_labels_after(files):
    done = run("compare", files / "before.csv", "--test", files / "test.csv", "--features",
               files / "features.parquet", "--decisions", files / "decisions.jsonl", "--price-per-review", 0.5,
               "--json")  # fmt: skip
    assert done.exit_code == 0, done.stderr
    found = json.loads(done.stdout)
    assert found["verdict"] == "helps"
    assert found["attribution"][0]["kind"] == "human_relabel"
    assert found["cost_per_point"] > 0
    assert found["curve"]


def test_a_check_that_was_asked_for_fails(files):
    arguments = ["compare", files / "after.csv", files / "before.csv", "--test", files / "test.csv", "--features",
                 files / "features.parquet", "--no-curves"]  # fmt: skip
    assert run(*arguments).exit_code == 0
    assert run(*arguments, "--fail-if-hurts").exit_code == 1


def test_unfair_comparisons_are_one_sentence(files):
    done = run("compare", files / "before.csv", files / "after.csv", "--test", files / "before.csv", "--features",
               files / "features.parquet")  # fmt: skip
    assert done.exit_code == 3
    assert "400 test items are also in the training labels 'before'" in done.stderr
    assert "Traceback" not in done.stderr


def test_nothing_to_compare_with(files):
    done = run("compare", files / "before.csv", "--test", files / "test.csv", "--features", files / "features.parquet")
    assert done.exit_code == 2
    assert "give AFTER, or --decisions" in done.stderr
