from __future__ import annotations

import errno
import json
import os
import subprocess
import sys
import time

import pytest
from click.testing import CliRunner

from labelqa._files import TEMPORARY, replacing
from labelqa._outputs import MANIFEST, held, manifest_key, write_manifest
from labelqa.cli import main
from labelqa.errors import OptionError, OutputError, TableError

HOLDS = """
import sys, time
from labelqa._outputs import held
with held('out', sys.argv[1]):
    print('in', flush=True)
    time.sleep(60)
"""


@pytest.fixture
def other(tmp_path):
    """Another process that holds a place."""
    process = subprocess.Popen([sys.executable, "-c", HOLDS, str(tmp_path / "out")], stdout=subprocess.PIPE, text=True)
    assert process.stdout.readline() == "in\n"
    yield process
    process.kill()
    process.wait()
    process.stdout.close()


def test_a_place_that_is_held_is_refused_and_the_process_named(tmp_path, other):
    with (
        pytest.raises(OutputError, match=rf"being written by another run, process {other.pid}, since 20"),
        held("out", tmp_path / "out"),
    ):
        pass
    other.kill()
    other.wait()
    assert (tmp_path / ".out.lock").exists()
    with held("out", tmp_path / "out"):
        assert json.loads((tmp_path / ".out.lock").read_text())["process"] == os.getpid()
    assert list(tmp_path.iterdir()) == []


def test_a_shared_place_is_waited_for(tmp_path, other):
    waits = subprocess.Popen(
        [sys.executable, "-c", HOLDS.replace("1])", "1], shared=True)").replace("60", "0"), str(tmp_path / "out")]
    )
    time.sleep(0.2)
    assert waits.poll() is None
    other.kill()
    assert waits.wait(timeout=60) == 0


def test_who_holds_a_place_may_hold_it_again(tmp_path):
    with held("out", tmp_path / "out"):
        with held("out", tmp_path / "out"):
            pass
        assert (tmp_path / ".out.lock").exists()
    assert not (tmp_path / ".out.lock").exists()


def test_a_link_is_followed_and_what_was_left_is_swept(tmp_path):
    (tmp_path / "link").symlink_to(tmp_path / "real")
    (tmp_path / "real").mkdir()
    (tmp_path / f".real.1234{TEMPORARY}").mkdir()
    (tmp_path / "real" / f".deep.1234{TEMPORARY}").touch()
    (tmp_path / f".other.1234{TEMPORARY}").touch()
    with held("out", tmp_path / "link") as place:
        assert place == tmp_path / "real"
    assert {path.name for path in tmp_path.rglob("*")} == {"link", "real", f".other.1234{TEMPORARY}"}


@pytest.mark.parametrize("path", [".", "..", ""])
def test_the_folder_one_is_in_is_refused(tmp_path, monkeypatch, path):
    (tmp_path / "deep").mkdir()
    monkeypatch.chdir(tmp_path / "deep")
    with pytest.raises(OptionError, match="is the folder you are in, or holds it"), held("out", path):
        pass
    assert list(tmp_path.rglob("*")) == [tmp_path / "deep"]


def test_a_file_above_a_long_name_and_a_ring_of_links(tmp_path):
    (tmp_path / "file").touch()
    (tmp_path / "ring").symlink_to(tmp_path / "ring")
    for path in (tmp_path / "file" / "out", tmp_path / ("n" * 300), tmp_path / "ring"):
        with pytest.raises(OutputError, match="cannot be written"), held("out", path):
            pass


def test_folders_that_were_made_for_nothing_go_again(tmp_path):
    with pytest.raises(RuntimeError), held("out", tmp_path / "a" / "b" / "out"):
        raise RuntimeError
    assert list(tmp_path.iterdir()) == []


def test_a_disk_that_fills_is_told_with_the_place_and_nothing_is_lost(tmp_path):
    (tmp_path / "out").write_text("before")
    with (
        pytest.raises(OutputError, match=r"out could not be written to the end \(no space left on device\)"),
        held("out", tmp_path / "out") as place,
        replacing(place) as temporary,
    ):
        temporary.write_text("half")
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
    assert (tmp_path / "out").read_text() == "before"
    assert [path.name for path in tmp_path.iterdir()] == ["out"]


def test_a_full_disk_is_refused_before_any_work(tmp_path, monkeypatch):
    monkeypatch.setattr("shutil.disk_usage", lambda _: type("Usage", (), {"free": 999_999}))
    with pytest.raises(OutputError, match="999,999 bytes left"), held("out", tmp_path / "out"):
        pass
    monkeypatch.setattr("shutil.disk_usage", lambda _: type("Usage", (), {"free": 1_000_000}))
    with held("out", tmp_path / "out"):
        pass


def test_manifest(tmp_path):
    (tmp_path / "deep").mkdir()
    (tmp_path / "deep" / "a").write_bytes(b"abc")
    assert manifest_key(tmp_path) is None
    write_manifest(tmp_path, key="k")
    assert manifest_key(tmp_path) == "k"
    # FIPS 180-2, appendix B.1
    digest = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
    assert json.loads((tmp_path / MANIFEST).read_text())["files"] == {"deep/a": {"bytes": 3, "sha256": digest}}


@pytest.mark.parametrize(
    "line",
    [["flag", "S", "--out"], ["train", "S", "--out"], ["apply", "S", "D", "--out"], ["convert", "S"],
     ["augment", "S", "--out"], ["audit", "S", "--out"]],
    ids=lambda line: line[0],
)  # fmt: skip
def test_every_verb_looks_at_its_output_before_any_work(tmp_path, line):
    (tmp_path / "file").touch()
    ran = CliRunner().invoke(main, [*line, str(tmp_path / "file" / "out")])
    # nothing is at S, which is found out later
    assert (ran.exit_code, ran.stdout) == (3, "")
    assert "out cannot be written (" in ran.stderr


@pytest.mark.parametrize("text", ["{", "[]", "[" * 100_000])
def test_a_damaged_manifest_is_refused(tmp_path, text):
    (tmp_path / MANIFEST).write_text(text)
    with pytest.raises(TableError, match=r"manifest\.json"):
        manifest_key(tmp_path)
