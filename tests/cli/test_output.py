"""What each verb hands to the package, and what it prints of the answer: the package's answers are made up here."""

from __future__ import annotations

import json
import re
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import click
import numpy as np
import pandas as pd
import pytest
from click.testing import CliRunner, Result

import labelqa.augment
import labelqa.baseline
import labelqa.compare
import labelqa.deploy
import labelqa.noise
from labelqa.annotations import Annotations
from labelqa.cli import _features, _options, main
from labelqa.cli import audit as verb_audit
from labelqa.cli import augment as verb_augment
from labelqa.cli._main import VERBS
from labelqa.cli.agree import _chosen, _sentence
from labelqa.errors import TableError
from labelqa.images import ImageSource

NAN = float("nan")


def run(*words: object) -> Result:
    done = CliRunner().invoke(main, [str(word) for word in words])
    assert done.exception is None or isinstance(done.exception, SystemExit), done.exception
    return done


@pytest.fixture
def said(tmp_path: Path) -> Path:
    path = tmp_path / "said.csv"
    path.write_text("item_id,annotator_id,label\n1,ann,geprüft\n1,bob,geprüft\n2,ann,b\n2,bob,b\n", encoding="utf-8")
    return path


class Asked(dict[str, Any]):
    """A function that keeps what it is asked, and gives one answer."""

    def __init__(self, answer: Any) -> None:
        super().__init__()
        self.answer = answer

    def __call__(self, *words: Any, **how: Any) -> Any:
        self.update(how, words=words)
        return self.answer


class TestHelp:
    def test_verbs_come_in_the_order_of_use(self):
        assert main.list_commands(click.Context(main)) == VERBS
        assert main.get_command(click.Context(main), "polish") is None

    def test_what_verbs_do_stands_in_one_column(self):
        lines = [line for line in run("--help").stdout.splitlines() if line.strip().split(" ")[0] in VERBS]
        assert len(lines) == len(VERBS)
        assert len({re.match(r" +\S+ +", line).end() for line in lines}) == 1  # type: ignore[union-attr]

    @pytest.mark.parametrize(
        ("verb", "defaults"),
        [
            ("convert", ["leave_out", "latest"]),
            ("promote", ["models", "champion"]),
            ("predict", ["models", "champion"]),
            ("audit", ["labelqa-out", "0"]),
        ],
    )
    def test_defaults_are_told(self, verb, defaults):
        shown = " ".join(run(verb, "--help").stdout.split())
        for default in defaults:
            assert f"[default: {default}" in shown

    def test_a_former_argument_is_not_told(self):
        assert "FORMER" not in run("promote", "--help").stdout.upper()


class TestShared:
    @pytest.mark.parametrize("words", ["=answer", "label=", "label"])
    def test_columns_are_pairs(self, said, words):
        done = run("agree", said, "--map", words)
        assert done.exit_code == 2
        assert f"'{words}' is not NAME=COLUMN, such as label=answer." in done.stderr

    def test_columns_may_be_several(self, tmp_path):
        path = tmp_path / "said.csv"
        path.write_text("thing,who,word\n1,ann,a\n1,bob,a\n2,ann,b\n2,bob,b\n", encoding="utf-8")
        done = run("agree", path, "--map", "item_id=thing", "--map", "annotator_id =who", "--map", "label=word")
        assert done.exit_code == 0, done.stderr
        assert _options.columns_in(()) is None
        assert _options.names_in("a, b") == ["a", "b"]
        assert _options.names_in(None) is None

    def test_talk_goes_to_stderr(self, said, tmp_path):
        done = run("convert", said, tmp_path / "out")
        assert done.stdout == f"{tmp_path / 'out'}\n"
        assert done.stderr.startswith("Annotations(2 items, 2 annotators")

    @pytest.mark.parametrize(
        ("message", "shown"),
        [
            ("map={'label': 'answer'} is", "--map label=answer is"),
            ("annotator='' is", "--annotator '' is"),
            ("normalise='case' or", "--normalise case or"),
            ("allow_loss=False is", "allow_loss=False is"),
            ("allow_loss=True is", "--allow-loss is"),
        ],
    )
    def test_arguments_with_their_values_become_options(self, message, shown):
        assert _options.in_words_of(main.get_command(click.Context(main), "convert"), message) == shown

    def test_the_longest_spelling_is_told(self):
        @_options.verb()
        @_options.option("-n", "--n-jobs", type=int)
        @_options.option("--curves/--no-curves", "-c/-C", default=True)
        def tool(**_: Any) -> None:
            """Nothing."""

        assert _options.in_words_of(tool, "n_jobs=2 or n_jobs=") == "--n-jobs 2 or --n-jobs"
        assert _options.in_words_of(tool, "curves=True, curves=False") == "--curves, --no-curves"


class TestFeatures:
    def test_a_table_by_its_column_or_its_index(self, tmp_path):
        (tmp_path / "a.csv").write_text("item_id,x\n007,1\n", encoding="utf-8")
        table = pd.DataFrame({"item_id": ["007"], "x": [1]})
        table.to_parquet(tmp_path / "b.parquet")
        table.set_index("item_id").to_parquet(tmp_path / "c.parquet")
        for name in ("a.csv", "b.parquet", "c.parquet"):
            found = _features.read_keyed(tmp_path / name)
            assert (found.index.tolist(), found.columns.tolist()) == (["007"], ["x"])

    def test_a_table_without_ids_or_of_another_kind_is_refused(self, tmp_path):
        (tmp_path / "a.csv").write_text("x\n1\n", encoding="utf-8")
        with pytest.raises(TableError, match=r"has no column 'item_id' \(found: 'x'\)"):
            _features.read_keyed(tmp_path / "a.csv")
        (tmp_path / "a.txt").write_text("item_id,x\n1,1\n", encoding="utf-8")
        for name in ("a.txt", "none.csv"):
            with pytest.raises(TableError, match=r"There is no file .* with the suffix \.csv or \.parquet"):
                _features.read_keyed(tmp_path / name)

    def test_a_picture_that_an_item_names_and_that_is_not_there(self, tmp_path):
        from PIL import Image

        Image.new("L", (4, 3)).save(tmp_path / "1.png")
        items = pd.DataFrame({"item_id": ["1", "2"], "path": [str(tmp_path / "1.png"), str(tmp_path / "2.png")]})
        with pytest.raises(Exception, match=r"^1 items have no picture \('2'\); check"):
            _features.read_features(None, None, items)
        with pytest.raises(Exception, match=rf"^1 items have no picture in {tmp_path} \('2'\); check"):
            _features.read_features(tmp_path, None, items)
        found = _features.read_features(None, None, items.head(1))
        assert isinstance(found, ImageSource)
        assert found.item_ids == ["1"]


class TestAudit:
    def done(self, *problems: str) -> Any:
        return SimpleNamespace(
            report=Path("out/report.html"), problems=problems, is_partial=bool(problems), to_dict=lambda: {"a": [1]}
        )

    @pytest.mark.parametrize(("problems", "code"), [((), 0), (("One.", "Two."), 4)])
    def test_a_partial_result_is_told_and_has_its_own_code(self, said, monkeypatch, problems, code):
        asked = Asked(self.done(*problems))
        monkeypatch.setattr("labelqa.audit.run_audit", asked)
        done = run("audit", said, "--gold", "a.csv", "--gold", "b.csv")
        assert (done.exit_code, done.stdout) == (code, "out/report.html\n")
        assert done.stderr == "".join(f"labelqa: partial result: {words}\n" for words in problems)
        assert asked["gold"] == [Path("a.csv"), Path("b.csv")]

    def test_the_summary_is_printed_as_it_is_stored(self, said, monkeypatch):
        monkeypatch.setattr("labelqa.audit.run_audit", Asked(self.done()))
        assert run("audit", said, "--json").stdout == '{\n "a": [\n  1\n ]\n}\n'

    def test_steps_are_told_when_they_end(self, capsys):
        verb_audit._progress("flags", None)
        verb_audit._progress("flags", 1.26)
        verb_audit._progress("flags", 1.26, is_kept=True)
        told = capsys.readouterr()
        assert told.out == ""
        assert told.err == "  flags                      1.3 s\n  flags                   taken over\n"

    def test_and_when_they_begin_where_somebody_is_watching(self, capsys, monkeypatch):
        monkeypatch.setattr(verb_audit, "is_terminal", lambda: True)
        verb_audit._progress("flags", None)
        told = capsys.readouterr()
        assert (told.out, told.err) == ("", "  flags ...\r")


class TestAgree:
    def test_a_table_is_printed_without_row_numbers(self, said):
        assert run("agree", said).stdout.startswith("coefficient,")
        assert not run("agree", said).stdout.endswith("\n\n")

    def test_json_keeps_letters(self, said):
        assert "geprüft" in run("agree", said, "--json").stdout

    @pytest.mark.parametrize(
        ("known", "words"),
        [
            ({}, "labels: alpha 0.500 [0.250, 0.750] with 95% confidence"),
            ({"alpha_low": NAN, "reason": "Few."}, "labels: alpha 0.500 without interval. Few."),
            ({"alpha": NAN, "reason": "None."}, "labels: alpha is undefined. None."),
        ],
    )
    def test_alpha_in_words(self, known, words):
        ends = {"alpha": 0.5, "alpha_low": 0.25, "alpha_high": 0.75, "confidence": 0.95, "reason": None}
        assert _sentence("labels", SimpleNamespace(**ends | known)) == words

    def test_the_first_table_is_printed_where_none_is_named(self):
        result = SimpleNamespace(coefficients="a", sweep="b", per_pair="c")
        assert _chosen("labels", result, None) == "a"
        assert _chosen("boxes", result, None) == "b"
        assert _chosen("boxes", result, "per_pair") == "c"

    def test_a_source_without_anything(self, tmp_path):
        (tmp_path / "items.csv").write_text("item_id,path\n1,a.png\n", encoding="utf-8")
        (tmp_path / "labels.csv").write_text("item_id,annotator_id,label\n", encoding="utf-8")
        done = run("agree", tmp_path)
        assert done.exit_code == 3
        assert "SOURCE has neither labels nor boxes" in done.stderr


class TestApply:
    def test_the_log_is_printed_without_row_numbers(self, said, tmp_path):
        path = tmp_path / "decisions.jsonl"
        path.write_text('{"item_id": "1", "action": "relabel", "label": "b", "reviewer": "kim"}\n', encoding="utf-8")
        done = run("apply", said, path, "--out", tmp_path / "fixed")
        assert done.exit_code == 0, done.stderr
        assert not done.stdout.startswith(",")
        assert not done.stdout.endswith("\n\n")
        assert len(done.stdout.splitlines()) == 2


class TestFlag:
    @pytest.mark.parametrize(
        ("words", "message"),
        [
            (("--model", "m.onnx", "--pred-probs", "p.csv"), "Give --model or --pred-probs, one of them."),
            (("--classes", "a,b"), "--classes names the outputs of --model; give --model too."),
        ],
    )
    def test_wrong_usage(self, said, words, message):
        done = run("flag", said, *words)
        assert done.exit_code == 2
        assert message in done.stderr

    @pytest.mark.parametrize("classes", [None, "geprüft, b"])
    def test_a_model_is_asked_of_the_labelled_items(self, tmp_path, monkeypatch, classes):
        for name in ("1", "2", "3"):
            (tmp_path / f"{name}.png").write_bytes(b"picture")
        said = tmp_path / "said.csv"
        said.write_text("item_id,annotator_id,label\n1,ann,a\n2,ann,b\n", encoding="utf-8")
        table = pd.DataFrame({"a": [0.9, 0.1]}, index=["1", "2"])
        table.attrs["softmax"] = classes is None
        asked, judged = Asked(table), Asked(self.queue())
        monkeypatch.setattr(labelqa.noise, "model_probabilities", asked)
        monkeypatch.setattr(labelqa.noise, "find_issues", judged)
        words = () if classes is None else ("--classes", classes)
        done = run("flag", said, "--images", tmp_path, "--model", "m.onnx", *words)
        assert done.exit_code == 0, done.stderr
        assert asked["words"][0] == Path("m.onnx")
        assert asked["words"][1].item_ids == ["1", "2"]
        assert asked["classes"] == (None if classes is None else ["geprüft", "b"])
        assert judged["pred_probs"] is table
        how = "softmax of its outputs" if classes is None else "its outputs as they are"
        assert f"m.onnx: probabilities of 2 items, {how}" in done.stderr

    def queue(self, **known: Any) -> Any:
        table = pd.DataFrame({"rank": [1, 2], "label": ["geprüft", "b"]})
        made = {"table": table, "findings": {"one": "OneFinding()"}, "reason": None, "cannot_say": ()}
        return SimpleNamespace(**made | known)

    def test_what_is_printed(self, said, monkeypatch):
        asked = Asked(self.queue(cannot_say=["No boxes."], reason="Uncalibrated."))
        monkeypatch.setattr(labelqa.noise, "find_issues", asked)
        done = run("flag", said)
        assert done.stdout == "rank,label\n1,geprüft\n2,b\n"
        assert done.stderr.splitlines()[-3:] == ["'OneFinding()'", "No boxes.", "Uncalibrated."]
        assert (asked["images"], asked["pred_probs"], asked["features"]) == (None, None, None)
        assert run("flag", said, "--limit", 1).stdout == "rank,label\n1,geprüft\n"
        assert run("flag", said, "--json", "--limit", 1).stdout == '[{"rank": 1, "label": "geprüft"}]\n'

    def test_without_a_reason_nothing_more_is_said(self, said, monkeypatch):
        monkeypatch.setattr(labelqa.noise, "find_issues", Asked(self.queue()))
        assert run("flag", said).stderr.splitlines()[-1] == "'OneFinding()'"

    def test_files_are_read_and_written(self, said, tmp_path, monkeypatch):
        (tmp_path / "f.csv").write_text("item_id,x\n1,0.5\n", encoding="utf-8")
        asked = Asked(self.queue())
        monkeypatch.setattr(labelqa.noise, "find_issues", asked)
        done = run("flag", said, "--features", tmp_path / "f.csv", "--out", tmp_path / "queue.csv")
        assert (done.exit_code, done.stdout) == (0, f"{tmp_path / 'queue.csv'}\n")
        assert (tmp_path / "queue.csv").read_text(encoding="utf-8") == "rank,label\n1,geprüft\n2,b\n"
        assert asked["features"].loc["1", "x"] == 0.5
        assert asked["pred_probs"] is None


class TestAugment:
    def made(self, annotations: Annotations, tightness: tuple[float, ...] = ()) -> Any:
        looseness = pd.DataFrame({"transform": [f"T{k}" for k in range(len(tightness))], "tightness": tightness})
        numbers = dict.fromkeys(
            ("n_images", "n_boxes", "n_clipped", "n_dropped", "n_dropped_visible", "n_redrawn"), 1200
        )
        checks = pd.DataFrame({"table": [], "finding": [], "n": [], "action": []})
        return SimpleNamespace(annotations=annotations, looseness=looseness, checks=checks, **numbers)

    def test_transforms_that_loosen_boxes_are_named(self, said, capsys):
        verb_augment._tell(self.made(labelqa.read(said), (0.9, 0.8999)))
        told = capsys.readouterr()
        assert told.out == ""
        assert told.err.splitlines() == [
            "1,200 images with 1,200 boxes; 1,200 boxes cut by the frame, 1,200 dropped (1,200 of them still seen in "
            "part), 1,200 images drawn again to keep a box",
            "  T1 loosens boxes: they overlap 0.90 with the object's own box",
        ]

    @pytest.mark.parametrize("to", ["csv", "coco"])
    def test_tables_are_written_beside_the_images_and_nothing_else(self, tmp_path, to):
        box = ("1", "ann", 0, 0, 9, 9)
        names = ["item_id", "annotator_id", "x_min", "y_min", "x_max", "y_max"]
        # COCO has no place for the skipped view, which must not stop a run that took an hour
        views = pd.DataFrame(
            [("1", "ann", None), ("2", "ann", "skipped")], columns=["item_id", "annotator_id", "status"]
        )
        annotations = Annotations.from_frames(
            boxes=pd.DataFrame([box], columns=names),
            views=views.assign(status=views["status"].fillna("labelled")),
            items=pd.DataFrame({"item_id": ["1", "2"], "path": ["1.png", "2.png"], "width": 20, "height": 20}),
        )
        verb_augment._write_tables(self.made(annotations), tmp_path, to)
        written = sorted(path.name for path in tmp_path.iterdir())
        assert written == (
            ["annotations.json", "manifest.json"]
            if to == "coco"
            else ["boxes.csv", "items.csv", "labels.csv", "manifest.json", "views.csv"]
        )

    def test_a_bar_follows_what_is_done(self):
        assert verb_augment._advance(None) is None
        told: list[int] = []
        bar = SimpleNamespace(length=9, pos=2, update=told.append)
        advance = verb_augment._advance(bar)
        assert advance is not None
        advance(5, 7)
        assert (bar.length, told) == (7, [3])

    def test_what_is_asked(self, said, tmp_path, monkeypatch):
        asked = Asked(self.made(labelqa.read(said)))
        monkeypatch.setattr(labelqa.augment, "augment_to_folder", asked)
        (tmp_path / "test.txt").write_text("1\n\n 2 \n", encoding="utf-8")
        (tmp_path / "out").mkdir()
        done = run("augment", said, "--out", tmp_path / "out", "--test-items", tmp_path / "test.txt")
        assert (done.exit_code, done.stdout) == (0, f"{tmp_path / 'out'}\n")
        assert asked["test_items"] == ["1", "2"]
        assert asked["on_progress"] is None
        assert isinstance(asked["words"][0], Annotations)
        run("augment", said, "--out", tmp_path / "out", "--images", tmp_path)
        assert asked["words"][0] == tmp_path
        assert asked["test_items"] == []


class TestCompare:
    @pytest.fixture
    def asked(self, said, monkeypatch) -> Asked:
        arms = pd.DataFrame({"arm": ["before", "after"], "accuracy": [0.5, 0.123456789]})
        controls = pd.DataFrame(
            {"kind": ["relabel"], "control": ["placebo"], "difference": [0.02], "low": [-0.01], "high": [0.05]}
        )
        found = SimpleNamespace(
            verdict="hurts", difference=-0.02, low=-0.03, high=-0.01, n_test=1200, n_needed=2345.0, margin=0.005,
            controls=controls, reason=None, arms=arms, to_dict=lambda: {"verdict": "hurts"},
        )  # fmt: skip
        asked = Asked(found)
        monkeypatch.setattr(labelqa.compare, "compare_fixes", asked)
        return asked

    def words(self, said: Path, *more: object) -> Result:
        (said.parent / "f.csv").write_text("item_id,x\n1,0.5\n2,0.5\n", encoding="utf-8")
        return run("compare", said, "--test", said, "--features", said.parent / "f.csv", *more)

    def test_arms_as_csv_and_the_verdict_in_words(self, said, asked):
        done = self.words(said, said)
        assert done.stdout == "arm,accuracy\nbefore,0.5\nafter,0.123457\n"
        assert done.stderr.splitlines() == [
            "hurts: -2.00 [-3.00, -1.00] points on 1,200 test items",
            "  relabel against placebo: +2.00 [-1.00, +5.00]",
        ]
        assert self.words(said, said, "--json").stdout == '{"verdict": "hurts"}\n'
        assert asked["decisions"] is None

    def test_an_open_verdict_says_how_many_items_it_takes(self, said, asked):
        asked.answer.verdict, asked.answer.reason = "inconclusive", "Few items."
        told = self.words(said, said).stderr.splitlines()
        assert told[1] == "  about 2,345 test items would find a difference of 0.5 points"
        assert told[-1] == "  note: Few items."

    @pytest.mark.parametrize(
        ("verdict", "words", "code"),
        [
            ("hurts", ["--fail-if-hurts"], 1),
            ("hurts", [], 0),
            ("helps", ["--fail-if-hurts"], 0),
            ("inconclusive", ["--fail-if-hurts"], 0),
        ],
    )
    def test_it_fails_where_asked_to(self, said, asked, verdict, words, code):
        asked.answer.verdict = verdict
        assert self.words(said, said, *words).exit_code == code

    def test_decisions_make_the_second_labels(self, said, asked):
        path = said.parent / "decisions.jsonl"
        path.write_text('{"item_id": "1", "action": "relabel", "label": "b", "reviewer": "kim"}\n', encoding="utf-8")
        assert self.words(said, "--decisions", path).exit_code == 0
        first, second, trusted = asked["words"]
        assert set(first.labels["label"]) == {"geprüft", "b"}
        assert set(second.labels["label"]) == {"b"}
        assert set(trusted.labels["label"]) == {"geprüft", "b"}
        done = self.words(said)
        assert done.exit_code == 2
        assert "There is nothing to compare with: give AFTER" in done.stderr


class TestDeploy:
    def test_aliases_as_json_keep_letters(self, monkeypatch):
        for verb in ("promote", "rollback"):
            asked = Asked(SimpleNamespace(to_dict=lambda: {"reason": "geprüft"}))
            monkeypatch.setattr(labelqa.deploy, verb, asked)
            done = run(verb, "--name", "parts")
            assert done.stdout == '{"reason": "geprüft"}\n'
            assert done.stderr == ""
            assert (asked["words"], asked["name"], asked["alias"]) == ((Path("models"),), "parts", "champion")

    def test_a_former_argument_is_a_name(self, monkeypatch):
        asked = Asked(SimpleNamespace(to_dict=dict))
        monkeypatch.setattr(labelqa.deploy, "rollback", asked)
        done = run("rollback", "parts")
        assert asked["name"] == "parts"
        assert "parts is written --name parts now" in done.stderr
        both = run("rollback", "other", "--name", "parts")
        assert (asked["name"], both.stderr) == ("parts", "")

    @pytest.fixture
    def exported(self, monkeypatch) -> Asked:
        metadata = {"notes": "geprüft"}
        numbers = {"n_parity": 1200, "max_difference": 1e-7, "n_bytes": 3000, "graph_ms": 0.5, "python_ms": 1.5}
        asked = Asked(SimpleNamespace(metadata=metadata, path=Path("models/parts/1"), **numbers))
        monkeypatch.setattr(labelqa.deploy, "export", asked)
        monkeypatch.setattr(labelqa.baseline, "load", lambda path: f"model of {path}")
        return asked

    def test_an_export(self, exported, tmp_path):
        (tmp_path / "f.csv").write_text("item_id,x\n007,0.5\n", encoding="utf-8")
        put = ["export", "m.skops", "--items", tmp_path / "f.csv", "--name", "parts"]
        done = run(*put)
        assert done.stdout == "models/parts/1\n"
        assert done.stderr.startswith(
            "1,200 items compared: probabilities differ by at most 1.0e-07, no label changes;"
        )
        assert exported["words"] == ("model of m.skops", Path("models"))
        assert exported["items"].index.tolist() == ["007"]
        assert (exported["gold"], exported["comparison"]) == (None, None)
        assert run(*put, "--json").stdout == '{"notes": "geprüft"}\n'

    def test_an_export_with_all_that_is_known(self, exported, tmp_path):
        (tmp_path / "gold.csv").write_text("item_id,label\n007,ok\n", encoding="utf-8")
        (tmp_path / "found.json").write_text('{"verdict": "helps"}', encoding="utf-8")
        words = ["--gold", tmp_path / "gold.csv", "--comparison", tmp_path / "found.json"]
        run("export", "m.skops", "--items", tmp_path, "--name", "parts", *words)
        assert exported["items"] == tmp_path
        assert exported["gold"]["item_id"].tolist() == ["007"]
        assert exported["comparison"] == {"verdict": "helps"}
        (tmp_path / "found.json").write_text("helps", encoding="utf-8")
        done = run("export", "m.skops", "--items", tmp_path, "--name", "parts", *words)
        assert done.exit_code == 3
        assert "is not valid JSON" in done.stderr

    @pytest.fixture
    def loaded(self, monkeypatch) -> Asked:
        rows = [{"item_id": "1", "label": "geprüft", "probability": 0.75}]
        said = SimpleNamespace(classes=["geprüft", 2], probabilities=np.array([[0.75, 0.25]]), rows=lambda: rows)
        asked = Asked(SimpleNamespace(predict=Asked(said)))
        monkeypatch.setattr(labelqa.deploy, "load", asked)
        return asked

    @pytest.mark.parametrize(
        ("words", "root", "name", "told"),
        [
            (["--name", "parts"], "models", "parts", ""),
            (["--name", "parts", "--root", "there"], "there", "parts", ""),
            (["--model", "m.onnx"], "m.onnx", None, ""),
            (["--name", "parts", "--model", "there"], "there", "parts", "is written --root there now"),
        ],
    )
    def test_where_a_model_is_loaded_from(self, loaded, words, root, name, told):
        done = run("predict", "a.png", *words)
        assert done.exit_code == 0, done.stderr
        assert (loaded["words"], loaded["name"]) == ((Path(root),), name)
        assert (told in done.stderr) and (bool(told) == bool(done.stderr))

    def test_predictions(self, loaded):
        done = run("predict", "a.png", "--name", "parts")
        assert done.stdout == "item_id,label,probability\n1,geprüft,0.750000\n"
        assert loaded.answer.predict["words"] == (Path("a.png"),)
        found = run("predict", "a.png", "b.png", "--name", "parts", "--json").stdout
        assert json.loads(found)[0]["probabilities"] == {"geprüft": 0.75, "2": 0.25}
        assert "geprüft" in found
        assert loaded.answer.predict["words"] == ([Path("a.png"), Path("b.png")],)


class TestTrain:
    def test_groups_are_a_column_of_the_items(self, tmp_path, monkeypatch):
        (tmp_path / "items.csv").write_text("item_id,line\n1,a\n2,b\n", encoding="utf-8")
        (tmp_path / "labels.csv").write_text("item_id,annotator_id,label\n1,ann,x\n2,ann,y\n", encoding="utf-8")
        (tmp_path / "f.csv").write_text("item_id,x\n1,0.5\n2,0.6\n", encoding="utf-8")
        scores = pd.DataFrame({"who": ["logistic"], "accuracy": [0.5], "low": [0.25], "high": [0.75]})
        asked = Asked(SimpleNamespace(scores=scores, reason="Few.", to_dict=lambda: {"accuracy": 0.5}))
        monkeypatch.setattr(labelqa.baseline, "cross_validate", asked)
        fitted, saved = Asked("model"), Asked(None)
        monkeypatch.setattr(labelqa.baseline, "fit", fitted)
        monkeypatch.setattr(labelqa.baseline, "save", saved)
        words = ["train", tmp_path, "--features", tmp_path / "f.csv", "--out", tmp_path / "m.skops"]
        done = run(*words, "--groups", "line")
        assert (done.exit_code, done.stdout) == (0, f"{tmp_path / 'm.skops'}\n")
        assert done.stderr.splitlines()[-2:] == ["  logistic: accuracy 50.0% [25.0%, 75.0%]", "  note: Few."]
        assert asked["groups"].to_dict() == fitted["groups"].to_dict() == {"1": "a", "2": "b"}
        assert saved["words"] == ("model", tmp_path / "m.skops")
        run(*words)
        assert asked["groups"] is None
