from __future__ import annotations

import json
import shutil
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from labelqa import deploy
from labelqa.deploy._registry import new_version, versions
from labelqa.errors import ModelError, OptionError


@pytest.fixture
def registry(tmp_path, exported):
    """Four versions: helps, hurts, no comparison, inconclusive."""
    for version, verdict in enumerate(("helps", "hurts", None, "inconclusive"), 1):
        folder = tmp_path / "parts" / str(version)
        shutil.copytree(exported.result.path, folder)
        known = json.loads((folder / "metadata.json").read_text())
        known |= {"version": version, "comparison": verdict and {"verdict": verdict}}
        (folder / "metadata.json").write_text(json.dumps(known))
    return tmp_path


def test_promote_and_roll_back(registry):
    assert deploy.aliases(registry, name="parts").champion is None
    deploy.promote(registry, name="parts", version=1)
    deploy.promote(registry, name="parts", version=4, reason="new camera")
    assert deploy.load(registry, name="parts").metadata["version"] == 4
    after = deploy.rollback(registry, name="parts", reason="too slow")
    assert after.champion == 1
    assert [(entry["action"], entry["from"], entry["to"]) for entry in after.history] == [
        ("promote", None, 1), ("promote", 1, 4), ("rollback", 4, 1),
    ]  # fmt: skip
    assert after.history[-1]["reason"] == "too slow"
    stored = json.loads((registry / "parts" / "aliases.json").read_text())
    assert stored == json.loads(json.dumps(after.to_dict()))


def test_second_rollback_goes_further_back(registry):
    for version in (1, 4, 1, 4):
        deploy.promote(registry, name="parts", version=version, reason="test")
    assert [deploy.rollback(registry, name="parts").champion for _ in range(3)] == [1, 4, 1]
    with pytest.raises(ModelError, match="has no version before 1; there is no history"):
        deploy.rollback(registry, name="parts")


@pytest.mark.parametrize(("version", "said"), [(2, "was found to hurt"), (3, "has no comparison")])
def test_needs_a_verdict_or_a_reason(registry, version, said):
    for reason in (None, "  "):
        with pytest.raises(ModelError, match=f"Version {version} of 'parts' {said}"):
            deploy.promote(registry, name="parts", version=version, reason=reason)
    assert not (registry / "parts" / "aliases.json").exists()
    assert deploy.promote(registry, name="parts", version=version, reason="asked for").champion == version


def test_aliases_are_apart_and_latest_is_the_default(registry):
    deploy.promote(registry, name="parts", version=1)
    after = deploy.promote(registry, name="parts", alias="challenger", canary_share=0.05)
    assert (after.champion, after.challenger, after.canary_share) == (1, 4, 0.05)
    assert deploy.promote(registry, name="parts", version=4).canary_share == 0
    with pytest.raises(ModelError, match="'challenger' of 'parts' has no version before 4"):
        deploy.rollback(registry, name="parts", alias="challenger")


def test_aliases_are_replaced_in_one_step(registry, monkeypatch):
    deploy.promote(registry, name="parts", version=1)
    before = (registry / "parts" / "aliases.json").read_text()
    monkeypatch.setattr("pathlib.Path.replace", lambda *_: (_ for _ in ()).throw(OSError("disk full")))
    with pytest.raises(OSError, match="disk full"):
        deploy.promote(registry, name="parts", version=4)
    assert (registry / "parts" / "aliases.json").read_text() == before
    assert sorted(path.name for path in (registry / "parts").iterdir()) == ["1", "2", "3", "4", "aliases.json"]


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (
            lambda root: deploy.promote(root, name="parts", alias="boss"),
            OptionError,
            "alias='boss' is not known; choose",
        ),
        (lambda root: deploy.rollback(root, name="parts", alias="boss"), OptionError, "alias='boss' is not known"),
        (lambda root: deploy.load(root, name="parts", alias="boss"), OptionError, "alias='boss' is not known"),
        (lambda root: deploy.promote(root, name="parts", canary_share=2), OptionError, "canary_share=2"),
        (lambda root: deploy.promote(root, name="parts", version=9), ModelError, r"no version 9 .*found: 1, 2, 3, 4"),
        (lambda root: deploy.promote(root, name="other"), ModelError, r"no model 'other' .*found: parts"),
        (lambda root: deploy.load(root, name="parts"), ModelError, "Nothing is promoted to 'champion'"),
        (deploy.load, ModelError, r"no exported version .*parts"),
        (lambda root: deploy.rollback(root, name="parts"), ModelError, "no history to go back to"),
        (lambda root: deploy.versions(root, name="a/b"), OptionError, "cannot name a folder"),
    ],
)
def test_refused(registry, call, error, message):
    with pytest.raises(error, match=message):
        call(registry)


def test_damaged_files(registry):
    folder = registry / "parts"
    (folder / "aliases.json").write_text("{")
    with pytest.raises(ModelError, match=r"aliases\.json is damaged"):
        deploy.promote(registry, name="parts")
    (folder / "aliases.json").unlink()
    data = bytearray((folder / "1" / "model.onnx").read_bytes())
    data[len(data) // 2] ^= 255
    (folder / "1" / "model.onnx").write_bytes(data)
    with pytest.raises(ModelError, match="is not the file that was exported"):
        deploy.load(registry, name="parts", version=1)
    (folder / "2" / "metadata.json").write_text("[]")
    with pytest.raises(ModelError, match="was not written by labelqa"):
        deploy.load(registry, name="parts", version=2)
    (folder / "3" / "metadata.json").unlink()
    with pytest.raises(ModelError, match="version is not complete"):
        deploy.load(registry, name="parts", version=3)
    known = json.loads((folder / "4" / "metadata.json").read_text())
    (folder / "4" / "model.onnx").write_bytes(b"nonsense")
    from labelqa._files import sha256

    known["model"]["sha256"] = sha256(folder / "4" / "model.onnx")
    (folder / "4" / "metadata.json").write_text(json.dumps(known))
    with pytest.raises(ModelError, match="cannot be loaded by onnxruntime"):
        deploy.load(registry, name="parts", version=4)


def test_the_form_of_the_release_before_is_read_and_the_new_one_written(registry):
    path = registry / "parts" / "aliases.json"
    before = {"name": "parts", "champion": 1, "challenger": 4, "shadow": None, "canary_percent": 5.0, "history": []}
    path.write_text(json.dumps(before))
    assert deploy.aliases(registry, name="parts").canary_share == 0.05
    deploy.promote(registry, name="parts", alias="shadow", version=3, reason="drill")
    stored = json.loads(path.read_text())
    assert stored["canary_share"] == 0.05
    assert "canary_percent" not in stored


def test_calls_of_the_release_before_are_taken_with_a_word(registry):
    with pytest.warns(FutureWarning, match="versions: give name= by name"):
        assert deploy.versions(registry, "parts") == [1, 2, 3, 4]
    with pytest.warns(FutureWarning, match="canary_percent= is called canary_share= now"):
        known = deploy.promote(registry, name="parts", version=1, alias="challenger", canary_percent=5)
    assert known.canary_share == 0.05
    with pytest.warns(FutureWarning, match="path= is called root= now"):
        deploy.load(path=registry / "parts" / "1")
    with pytest.warns(FutureWarning, match=r"labelqa\.deploy\.Model is called ExportedModel now"):
        assert deploy.Model is deploy.ExportedModel


def test_two_exports_at_once_give_two_versions(tmp_path):
    both_begin = threading.Barrier(2, timeout=60)

    def export(said):
        both_begin.wait()
        with new_version(tmp_path, "parts") as (number, folder):
            (folder / "model.onnx").write_text(f"{number} {said}")

    with ThreadPoolExecutor(2) as pool:
        list(pool.map(export, "ab"))
    assert versions(tmp_path, name="parts") == [1, 2]
    said = {(tmp_path / "parts" / str(n) / "model.onnx").read_text() for n in (1, 2)}
    assert said in ({"1 a", "2 b"}, {"1 b", "2 a"})
