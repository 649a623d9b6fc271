"""Arguments of a search: files, all pictures of folders, each once."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from rsgpt_backend.commands.searching.picture_sources import files_of, picture_source
from rsgpt_backend.errors import DataError, ImageError
from tests.backend.toy import picture


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "photos"
    (folder / "more").mkdir(parents=True)
    for name in ("b.PNG", "a.jpg", "more/c.tif", "notes.txt"):
        (folder / name).write_text("no picture")
    return folder


def test_folders_and_files_each_once(folder: Path) -> None:
    files = files_of([str(folder / "b.PNG"), str(folder), str(folder / "missing.png")])
    assert [Path(file).name for file in files] == ["b.PNG", "a.jpg", "c.tif", "missing.png"]


def test_a_folder_without_pictures_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="contains no PNG"):
        files_of([str(tmp_path)])


@pytest.mark.parametrize("ending", [".png", ".tif"])
def test_the_version_changes_with_the_file(tmp_path: Path, ending: str) -> None:
    path = tmp_path / f"a{ending}"
    picture(1).save(path)
    version = picture_source(str(path), None).version
    assert picture_source(str(path), None).version == version
    os.utime(path, ns=(1, 1))
    assert picture_source(str(path), None).version != version


def test_the_mask_of_a_tiff_belongs_to_its_version(tmp_path: Path) -> None:
    path = tmp_path / "a.tif"
    picture(1).save(path)
    version = picture_source(str(path), None).version
    (tmp_path / "a.tif.msk").write_bytes(b"1")
    assert picture_source(str(path), None).version != version


def test_pictures_are_read_with_their_resolution(tmp_path: Path) -> None:
    path = tmp_path / "a.png"
    picture(1, (70, 31)).save(path)
    one, other = picture_source(str(path), 0.3), picture_source(str(path), None)
    assert one.place != other.place
    read = one.read()
    assert read is not None
    assert (read.image.size, read.gsd_m) == ((70, 31), 0.3)
    with pytest.raises(ImageError):
        picture_source(str(tmp_path / "missing.png"), None).read()
