"""Errors have a stable code, and messages without control characters and credentials."""

from __future__ import annotations

import pickle

import pytest

from rsgpt_plugin.shared.errors import ImageError, ModelError, OutputError, QuestionError, RsgptError


@pytest.mark.parametrize(
    ("kind", "code"),
    [
        (RsgptError, "error"),
        (ImageError, "image"),
        (ModelError, "model"),
        (QuestionError, "usage"),
        (OutputError, "output"),
    ],
)
def test_each_class_has_its_code(kind: type[RsgptError], code: str) -> None:
    error = kind("It failed. Try again.")
    assert (error.code, str(error)) == (code, "It failed. Try again.")
    assert isinstance(error, RsgptError)


def test_an_error_may_have_no_message() -> None:
    assert str(RsgptError()) == ""


def test_control_characters_are_removed() -> None:
    assert str(ImageError("a\x1b[31m\x00.tif cannot be \u202eread.")) == "a[31m.tif cannot be read."


def test_credentials_are_removed() -> None:
    error = RsgptError("https://me:GEHEIM@h/x.tif?sig=GEHEIM cannot be opened as a raster. Check its path.")
    assert "GEHEIM" not in str(error)
    assert str(error).endswith("cannot be opened as a raster. Check its path.")


def test_an_error_survives_the_way_from_another_process() -> None:
    error = pickle.loads(pickle.dumps(ModelError("The model is missing. Install it.")))
    assert (type(error), str(error)) == (ModelError, "The model is missing. Install it.")
