"""Files of a model folder are opened only if they are regular, inside it, and of a sane size."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

from rsgpt_backend.errors import DataError, ModelError
from rsgpt_backend.model import folder_files
from rsgpt_backend.model.folder_files import (
    as_model_error,
    exists,
    is_relative,
    path_inside,
    read_json,
    regular_file,
    regular_files,
)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with a file, next to a secret."""
    (tmp_path / "model" / "deep").mkdir(parents=True)
    (tmp_path / "model" / "a.json").write_text('{"key": 1}')
    (tmp_path / "secret.json").write_text('{"secret": 1}')
    return tmp_path / "model"


@pytest.mark.parametrize("name", ["a", "a/b", "a\\b", ".hidden", "a..b", "...", "a b", "\u6c34", "a/./b"])
def test_relative_names(name: str) -> None:
    assert is_relative(name)


@pytest.mark.parametrize(
    "name",
    ["", "/a", "\\a", "C:a", "C:\\a", "//host/a", "\\\\host\\a", "..", "a/..", "../a", "a\\..\\b", "a\nb", "a\0"],
)
def test_names_that_are_absolute_somewhere_or_lead_upward(name: str) -> None:
    assert not is_relative(name)


@pytest.mark.parametrize("name", ["a.json", "deep", "missing", "deep/missing"])
def test_a_path_inside_may_be_missing(folder: Path, name: str) -> None:
    assert path_inside(folder, name) == folder / name


@pytest.mark.parametrize("name", ["../secret.json", "/etc/passwd", "deep/../../secret.json", ""])
def test_a_name_that_leaves_the_folder_is_refused(folder: Path, name: str) -> None:
    with pytest.raises(ModelError, match="which is not a path inside it. Get the model from another source"):
        path_inside(folder, name)


@pytest.mark.parametrize("target", ["../secret.json", "../model-2", "/etc"])
def test_a_link_out_of_the_folder_is_not_followed(folder: Path, target: str) -> None:
    (folder.parent / "model-2").mkdir()
    (folder / "link").symlink_to(target)
    with pytest.raises(ModelError, match="link is a link out of its folder and is not followed"):
        path_inside(folder, "link")
    with pytest.raises(ModelError, match="is a link out of its folder"):
        path_inside(folder, "link/passwd")


def test_a_link_within_the_folder_is_followed(folder: Path) -> None:
    (folder / "link.json").symlink_to("a.json")
    assert read_json(folder, "link.json") == {"key": 1}


def test_a_folder_that_is_a_link_itself_is_read(folder: Path) -> None:
    (folder.parent / "alias").symlink_to(folder)
    assert read_json(folder.parent / "alias", "a.json") == {"key": 1}


def test_the_blobs_of_hugging_face_s_cache_belong_to_a_snapshot(tmp_path: Path) -> None:
    snapshot, blobs = tmp_path / "repository" / "snapshots" / "0a1b", tmp_path / "repository" / "blobs"
    (snapshot / "deep").mkdir(parents=True)
    blobs.mkdir()
    (blobs / "1").write_text('{"key": 1}')
    (snapshot / "a.json").symlink_to(blobs / "1")
    (snapshot / "deep" / "a.json").symlink_to(blobs / "1")
    assert read_json(snapshot, "a.json") == read_json(snapshot / "deep", "a.json") == {"key": 1}
    (tmp_path / "repository" / "other").mkdir()
    (snapshot / "b.json").symlink_to(tmp_path / "repository" / "other")
    with pytest.raises(ModelError, match="is a link out of its folder"):
        path_inside(snapshot, "b.json")


def test_a_loop_of_links_is_an_error(folder: Path) -> None:
    (folder / "one").symlink_to("two")
    (folder / "two").symlink_to("one")
    with pytest.raises(ModelError, match="one (cannot be found|is missing).*Install the model again"):
        regular_file(folder, "one")


@pytest.mark.parametrize("name", ["missing", "deep", "pipe", "broken"])
def test_only_regular_files_are_opened(folder: Path, name: str) -> None:
    os.mkfifo(folder / "pipe")
    (folder / "broken").symlink_to("nothing")
    with pytest.raises(ModelError, match=f"{name} is missing or not a regular file. Install the model again"):
        regular_file(folder, name)


def test_files_with_a_suffix_are_sorted_and_checked(folder: Path) -> None:
    for name in ("b.json", "B.json", "c.txt"):
        (folder / name).write_text("{}")
    assert [path.name for path in regular_files(folder, ".json")] == ["B.json", "a.json", "b.json"]
    assert regular_files(folder, ".gguf") == []
    (folder / "link.json").symlink_to("../secret.json")
    with pytest.raises(ModelError, match="link.json is a link out"):
        regular_files(folder, ".json")


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "Expecting value"),
        (b"{", "Expecting property name"),
        (b"[]", "it does not contain an object"),
        (b"null", "it does not contain an object"),
        (b'{"a": NaN}', "NaN is not a number"),
        (b"\xff\xfe{", ""),
        (b'{"a":' * 100_000, "it is nested too deeply"),
    ],
)
def test_a_file_without_a_json_object_is_refused(folder: Path, content: bytes, reason: str) -> None:
    (folder / "a.json").write_bytes(content)
    with pytest.raises(ModelError, match=rf"a\.json cannot be read \(.*{reason}.*\)\. Install the model again\.$"):
        read_json(folder, "a.json")


def test_a_large_json_file_is_not_read(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    size = (folder / "a.json").stat().st_size
    monkeypatch.setattr(folder_files, "_MAX_JSON_BYTES", size)
    assert read_json(folder, "a.json") == {"key": 1}
    monkeypatch.setattr(folder_files, "_MAX_JSON_BYTES", size - 1)
    with pytest.raises(ModelError, match="it is too large"):
        read_json(folder, "a.json")


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (ValueError("strange"), "strange"),
        (KeyError("os.system"), "unknown name 'os.system'"),
        (RuntimeError("first\nsecond"), "first"),
        (Exception(), "Exception"),
        (ValueError(" \n "), "ValueError"),
        (ValueError("a\x1b[31m\tb"), r"a\[31m b"),
    ],
)
def test_any_error_becomes_a_model_error_with_one_line_of_its_cause(error: Exception, reason: str) -> None:
    sentence = rf"^a\.bin has no readable tokenizer \({reason}\)\. Install the model again\.$"
    with pytest.raises(ModelError, match=sentence) as caught, as_model_error(Path("a.bin"), "tokenizer"):
        raise error
    assert caught.value.__cause__ is error


def test_a_long_cause_is_cut() -> None:
    with pytest.raises(ModelError) as caught, as_model_error(Path("a"), "weights"):
        raise ValueError("x" * 10_000)
    assert f"({'x' * 200})" in str(caught.value)


@pytest.mark.parametrize("error", [DataError("ours"), ModelError("ours"), KeyboardInterrupt()])
def test_errors_of_this_project_and_interrupts_pass(error: Any) -> None:
    with pytest.raises(type(error)) as caught, as_model_error(Path("a"), "weights"):
        raise error
    assert caught.value is error


def test_a_broken_link_exists(folder: Path) -> None:
    (folder / "broken").symlink_to("nothing")
    assert [exists(folder / name) for name in ("a.json", "deep", "broken", "missing")] == [True, True, True, False]
