"""The sentence model: vectors of a stand-in, of the real package where it is installed, and files that differ."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest

from rsgpt_backend.engine import sentences
from rsgpt_backend.engine.sentences import installed_sentence_model, load_sentence_model
from rsgpt_backend.errors import EngineError, ModelError
from tests.backend.sentence_package import install

IS_INSTALLED = bool(installed_sentence_model())


def test_vectors_have_unit_length_and_do_not_depend_on_their_neighbors(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    install(tmp_path, monkeypatch)
    assert installed_sentence_model() == "all-minilm-l6-v2"
    model = load_sentence_model()
    texts = ["many boats", "a roof", "water " * 400, "trees"]
    together = model.embed(texts)
    assert [math.hypot(*one.vector) for one in together] == pytest.approx([1] * 4, abs=1e-5)
    assert [one.tokens for one in together] == [4, 4, 256, 3]
    for text, one in zip(texts, together, strict=True):
        assert model.embed([text])[0].vector == pytest.approx(one.vector, abs=1e-4)
    assert abs(np.dot(together[0].vector, together[3].vector)) < 0.999


def test_an_empty_text_has_no_vector(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    install(tmp_path, monkeypatch)
    model = load_sentence_model()
    assert model.embed([]) == []
    with pytest.raises(EngineError, match="at least one word"):
        model.embed(["boats", " "])


def test_files_that_differ_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    install(tmp_path, monkeypatch)
    file = tmp_path / sentences.PACKAGE / sentences.FOLDER / "tokenizer.json"
    file.write_text(file.read_text().replace("boats", "ships"))
    with pytest.raises(ModelError, match="tokenizer.json of the package"):
        load_sentence_model()
    file.unlink()
    with pytest.raises(ModelError, match="cannot be read"):
        load_sentence_model()


@pytest.mark.skipif(IS_INSTALLED, reason="the package group `sentences` is installed")
def test_without_the_package_its_size_and_installation_are_said() -> None:
    assert installed_sentence_model() == ""
    with pytest.raises(ModelError, match=r"installs it \(84 MB\)"):
        load_sentence_model()


@pytest.mark.skipif(not IS_INSTALLED, reason="needs the package group `sentences`")
def test_the_real_model_knows_what_is_alike() -> None:
    boats, marina, forest = (
        np.array(one.vector)
        for one in load_sentence_model().embed(["Many boats are in a harbor.", "a marina with yachts", "dense trees"])
    )
    assert boats.shape == (384,)
    assert boats @ marina > 0.4 > boats @ forest
