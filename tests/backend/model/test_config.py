"""A config survives a round trip through JSON; an invalid one is rejected with a message."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path
from typing import Any

import pytest

from rsgpt_backend.errors import ModelError
from rsgpt_backend.model.config import CONFIG_FILE, FinderConfig, ModelConfig
from rsgpt_backend.model.published_models import FAMILY
from rsgpt_backend.model.registry import model_folder
from tests.backend.toy import make_config


@pytest.fixture
def config() -> ModelConfig:
    return make_config(Path("language"))


def test_config_round_trip_through_a_folder(config: ModelConfig, tmp_path: Path) -> None:
    config.write(tmp_path / "new" / "model")
    assert ModelConfig.read(tmp_path / "new" / "model") == config


def test_config_round_trip_through_plain_data(config: ModelConfig) -> None:
    assert ModelConfig.from_dict(json.loads(json.dumps(config.to_dict()))) == config


def test_invalid_config_is_not_written(config: ModelConfig, tmp_path: Path) -> None:
    config.write(tmp_path)
    before = (tmp_path / CONFIG_FILE).read_bytes()
    with pytest.raises(ModelError, match="The new content of .*calibration is 1000"):
        dataclasses.replace(config, calibration={"phrase": (1000.0, 0.0)}).write(tmp_path)
    assert (tmp_path / CONFIG_FILE).read_bytes() == before


@pytest.mark.parametrize("part", [None, "vision", "qformer", "language"])
def test_an_unknown_key_is_named(config: ModelConfig, part: str | None) -> None:
    data = config.to_dict()
    (data if part is None else data[part])["colour"] = "red"
    with pytest.raises(ModelError, match=r"colour.*Install the model again"):
        ModelConfig.from_dict(data)


@pytest.mark.parametrize(("part", "key"), [("vision", "mean"), ("qformer", "layers"), ("language", "bos_id")])
def test_a_missing_key_is_named(config: ModelConfig, part: str, key: str) -> None:
    data = config.to_dict()
    del data[part][key]
    with pytest.raises(ModelError, match=key):
        ModelConfig.from_dict(data)


@pytest.mark.parametrize("part", ["vision", "caption_prompt", "name"])
def test_a_missing_part_is_named(config: ModelConfig, part: str) -> None:
    data: dict[str, Any] = config.to_dict()
    del data[part]
    with pytest.raises(ModelError, match=part):
        ModelConfig.from_dict(data)


@pytest.mark.parametrize("text", [None, "", "{", "\xff"])
def test_an_unreadable_file_is_refused(tmp_path: Path, text: str | None) -> None:
    if text is not None:
        (tmp_path / CONFIG_FILE).write_text(text, encoding="latin-1")
    with pytest.raises(ModelError, match=r"model\.json (cannot be read|is missing).*Install the model again"):
        ModelConfig.read(tmp_path)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [("[]", "does not contain an object"), ("null", "does not contain an object"), ('{"vision": 3}', "cannot be used")],
)
def test_json_of_another_shape_is_refused(tmp_path: Path, text: str, sentence: str) -> None:
    (tmp_path / CONFIG_FILE).write_text(text, encoding="utf-8")
    with pytest.raises(ModelError, match=sentence):
        ModelConfig.read(tmp_path)


def test_token_limits_of_full_size_models_and_of_the_small_model() -> None:
    assert {member.max_new_tokens for member in FAMILY.values()} == {256}
    assert ModelConfig.read(model_folder("rsgpt-small")).max_new_tokens == 128


def test_a_finder_round_trip(config: ModelConfig, tmp_path: Path) -> None:
    config = dataclasses.replace(config, finder=FinderConfig(("car",), (), ("water",), (0.4,), stride=8))
    config.write(tmp_path)
    assert ModelConfig.read(tmp_path) == config


def test_models_without_a_finder(config: ModelConfig) -> None:
    data = config.to_dict()
    assert ModelConfig.from_dict(data).finder is None
    del data["finder"]
    assert ModelConfig.from_dict(data).finder is None


def test_a_finder_needs_an_encoder_with_grids() -> None:
    config = next(each for each in FAMILY.values() if each.vision.kind == "eva-vit")
    with pytest.raises(ModelError, match="a finder does not work with the encoder 'eva-vit'"):
        ModelConfig.from_dict(dataclasses.replace(config, finder=FinderConfig()).to_dict())


def test_a_finder_and_a_ground_resolution_cell_read_the_resolution(config: ModelConfig) -> None:
    assert not config.reads_gsd
    assert dataclasses.replace(config, vision=dataclasses.replace(config.vision, ground_resolution=True)).reads_gsd
    assert dataclasses.replace(config, finder=FinderConfig()).reads_gsd
