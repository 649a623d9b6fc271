"""Local files of data sources in every notation, and outputs that would overwrite them."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from rsgpt_plugin.shared.files.source_files import overwritten_input, source_files


def touch(path: Path, text: str = "x") -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return path


@pytest.mark.parametrize(
    "notation",
    [
        "{path}",
        "{path}|layername=parcels|subset=a = 1",
        "GPKG:{path}:second",
        'NETCDF:"{path}":red',
        "file://{path}?type=csv&delimiter=,",
        "/vsizip/{path}/inner/a.tif",
        "/vsizip/{{{path}}}/a.tif",
        "/vsisubfile/10_20,{path}",
        "ogr:dbname='{path}' table=\"parcels\" (geom)",
    ],
)
def test_the_file_is_found_in_every_notation(tmp_path: Path, notation: str) -> None:
    path = touch(tmp_path / "own files" / "a.gpkg")
    assert path in list(source_files(notation.format(path=path)))
    assert overwritten_input(path, [notation.format(path=path)]) == path


def test_percent_encoding_is_decoded(tmp_path: Path) -> None:
    path = touch(tmp_path / "own files" / "a.csv")
    assert overwritten_input(path, [f"file://{path}".replace(" ", "%20") + "?type=csv"]) == path


def test_members_of_nested_mosaics_count(tmp_path: Path) -> None:
    part = touch(tmp_path / "parts" / "a&b.gpkg")
    name = "<SourceFilename relativeToVRT='1'>{}</SourceFilename>"
    touch(tmp_path / "parts" / "inner.vrt", name.format("GPKG:a&amp;b.gpkg:t") + name.format("a&amp;b.gpkg"))
    outer = touch(tmp_path / "outer.vrt", name.format("parts/inner.vrt") + name.format("../gone.tif"))
    assert overwritten_input(part, [str(outer)]) == part
    touch(tmp_path / "loop.vrt", name.format("loop.vrt"))
    assert list(source_files(str(tmp_path / "loop.vrt"))) == [tmp_path / "loop.vrt"]


def test_links_and_relative_paths_are_the_same_file(tmp_path: Path) -> None:
    path = touch(tmp_path / "a" / "x.gpkg")
    (tmp_path / "link.gpkg").symlink_to(path)
    os.link(path, tmp_path / "hard.gpkg")
    for other in (tmp_path / "link.gpkg", tmp_path / "hard.gpkg", tmp_path / "a" / ".." / "a" / "x.gpkg"):
        assert overwritten_input(other, [str(path)]) is not None
        assert overwritten_input(path, [str(other)]) is not None


def test_sidecar_files_of_a_format_count(tmp_path: Path) -> None:
    for ending in ("shp", "dbf"):
        touch(tmp_path / f"parcels.{ending}")
    assert overwritten_input(tmp_path / "parcels.shp", [str(tmp_path / "parcels.dbf")]) is not None
    touch(tmp_path / "world.png")
    touch(tmp_path / "world.prj")
    assert overwritten_input(tmp_path / "world.shp", [str(tmp_path / "world.png")]) == tmp_path / "world.prj"


def test_a_result_next_to_its_raster_is_not_an_input(tmp_path: Path) -> None:
    raster = touch(tmp_path / "a.tif")
    for name in ("a.gpkg", "a.shp", "a.tif.gpkg", "b.tif"):
        assert overwritten_input(touch(tmp_path / name), [str(raster), ""]) is None
    assert overwritten_input(tmp_path / "new.gpkg", ["http://example.org/new.gpkg"]) is None
