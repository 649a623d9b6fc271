"""Pictures in a folder."""

from __future__ import annotations

from pathlib import Path

from rsgpt_plugin.shared.files.picture_folder import pictures_in


def test_pictures_of_all_levels_and_spellings(tmp_path: Path) -> None:
    (tmp_path / "deep" / "folder.tif").mkdir(parents=True)
    for name in ("b.TIF", "a.png", "notes.txt", "deep/c.jpeg", "a.png.aux.xml"):
        (tmp_path / name).touch()
    assert [path.name for path in pictures_in(tmp_path)] == ["a.png", "b.TIF", "c.jpeg"]
