"""Local models and their model.json files."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from rsgpt_plugin.client.installed_models import ModelInfo, installed_models, model_identity
from rsgpt_plugin.errors import ModelError


@pytest.fixture
def weights(tmp_path: Path) -> Path:
    for name in ("aaa", "rsgpt-small"):
        (tmp_path / name).mkdir()
        record = {"name": name, "weights_sha256": name[0] * 64}
        (tmp_path / name / "model.json").write_text(json.dumps(record))
    return tmp_path


def test_the_default_model_comes_first(weights: Path) -> None:
    assert [model.name for model in installed_models(weights)] == ["rsgpt-small", "aaa"]


def test_model_identity_needs_no_weights(weights: Path) -> None:
    assert model_identity("aaa", weights) == ModelInfo("aaa", "a" * 64)


def test_an_unknown_name_lists_the_available_models(weights: Path) -> None:
    with pytest.raises(ModelError, match=r"no model named “x”\. Choose one of these: rsgpt-small, aaa"):
        model_identity("x", weights)


def test_a_folder_with_a_model_is_accepted(weights: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    own = tmp_path_factory.mktemp("elsewhere") / "mine"
    own.mkdir()
    (own / "model.json").write_text(json.dumps({"name": "rsgpt-7b", "weights_sha256": "b" * 64}))
    assert model_identity(str(own), weights) == ModelInfo("mine", "b" * 64, str(own.resolve()))


@pytest.mark.parametrize(
    ("vision", "reads_gsd"),
    [({"ground_resolution": True}, True), ({"ground_resolution": False}, False), ({}, False), ("no table", False)],
)
def test_the_description_says_whether_a_model_reads_the_ground_resolution(
    weights: Path, vision: object, reads_gsd: bool
) -> None:
    record = {"name": "rsgpt-7b", "weights_sha256": "b" * 64, "vision": vision}
    (weights / "aaa" / "model.json").write_text(json.dumps(record))
    assert model_identity(str(weights / "aaa"), weights).reads_gsd is reads_gsd
    assert [model.reads_gsd for model in installed_models(weights)] == [False, reads_gsd]


def test_the_shipped_model_finds_embeds_and_classifies() -> None:
    model = model_identity("rsgpt-small")
    assert model.finder is not None
    assert {"airplane", "car"} <= set(model.finder.labels)
    assert (model.finder.max_side, model.finder.fill) == (640, (127, 127, 127))
    assert model.classifier is not None
    assert "water" in model.classifier.things
    assert model.embeds


def test_a_model_with_a_finder_reads_the_ground_resolution(weights: Path) -> None:
    path = weights / "aaa" / "model.json"
    path.write_text(json.dumps({**json.loads(path.read_text("utf-8")), "finder": {}}), "utf-8")
    assert model_identity("aaa", weights).reads_gsd


@pytest.mark.parametrize(
    ("model", "sent"),
    [
        (ModelInfo("rsgpt-small"), 0.3),
        (ModelInfo("llava", server="http://127.0.0.1:8000/v1"), None),
        (ModelInfo("rsgpt-small", server="http://127.0.0.1:8000/v1", reads_gsd=True), 0.3),
    ],
    ids=["local", "foreign", "foreign that reads it"],
)
def test_only_servers_that_accept_the_ground_resolution_get_it(model: ModelInfo, sent: float | None) -> None:
    assert model.sent_gsd(0.3000001) == sent
    assert model.sent_gsd(None) is model.sent_gsd(0.0) is None


@pytest.mark.parametrize("text", ["{", "[" * 100_000, "[]", "7", " " * 16_000_001])
def test_a_broken_description_raises_model_error(weights: Path, text: str) -> None:
    (weights / "aaa" / "model.json").write_text(text)
    with pytest.raises(ModelError, match="Install the plugin again"):
        installed_models(weights)


def test_control_characters_are_removed_from_names(weights: Path) -> None:
    record = {"name": "a\x1b[31m\nb\u202e", "weights_sha256": "c" * 64}
    (weights / "aaa" / "model.json").write_text(json.dumps(record))
    assert installed_models(weights)[1].name == "a[31m b"


def test_the_default_model_is_shipped() -> None:
    assert len(model_identity("rsgpt-small").weights_sha256) == 64


def test_only_the_shipped_model_has_known_limits() -> None:
    assert ModelInfo("rsgpt-small").limits is not None
    others = (ModelInfo("rsgpt-small", folder="/x"), ModelInfo("rsgpt-small", server="http://x"), ModelInfo("aaa"))
    assert [model.limits for model in others] == [None] * 3
