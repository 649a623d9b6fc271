"""Missing sources of virtual rasters: where, through nested ones, and what is left to GDAL."""

from __future__ import annotations

from pathlib import Path

import pytest

from rsgpt_plugin.shared.errors import ImageError
from rsgpt_plugin.shared.mosaic import missing_parts
from rsgpt_plugin.shared.tiles import Window

Box = tuple[int, int, int, int]


def source(name: str, inner: Box, outer: Box, relative: int = 1) -> str:
    rects = [
        f'<{tag} xOff="{x}" yOff="{y}" xSize="{width}" ySize="{height}"/>'
        for tag, (x, y, width, height) in (("SrcRect", inner), ("DstRect", outer))
    ]
    file = f'<SourceFilename relativeToVRT="{relative}">{name}</SourceFilename>'
    return f"<ComplexSource>{file}{''.join(rects)}</ComplexSource>"


def vrt(path: Path, *sources: str) -> str:
    bands = "".join(f'<VRTRasterBand band="{band}">{"".join(sources)}</VRTRasterBand>' for band in (1, 2))
    path.write_text(f'<VRTDataset rasterXSize="512" rasterYSize="512">{bands}</VRTDataset>')
    return str(path)


def test_a_missing_source_has_its_place(tmp_path: Path) -> None:
    (tmp_path / "here.tif").touch()
    path = vrt(
        tmp_path / "a.vrt",
        source("here.tif", (0, 0, 256, 512), (0, 0, 256, 512)),
        source("gone.tif", (0, 0, 256, 512), (256, 0, 256, 512)),
    )
    (part,) = missing_parts(path)
    part.check(Window(0, 0, 256, 512))
    with pytest.raises(ImageError, match=r"missing: .*gone\.tif"):
        part.check(Window(1, 511, 256, 1))


def test_nested_ones_are_followed_with_their_scale(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    vrt(tmp_path / "in" / "b.vrt", source("gone.tif", (0, 0, 64, 64), (64, 0, 64, 64)))
    path = vrt(tmp_path / "a.vrt", source("in/b.vrt", (32, 0, 64, 64), (100, 200, 128, 128)))
    (part,) = missing_parts(path)
    assert part.box == (164.0, 200.0, 228.0, 328.0)
    assert part.file == tmp_path / "in" / "gone.tif"


def test_what_is_not_used_of_a_nested_one_does_not_matter(tmp_path: Path) -> None:
    vrt(tmp_path / "b.vrt", source("gone.tif", (0, 0, 64, 64), (64, 0, 64, 64)))
    assert missing_parts(vrt(tmp_path / "a.vrt", source("b.vrt", (0, 0, 64, 64), (0, 0, 64, 64)))) == []


def test_a_mosaic_of_itself_ends(tmp_path: Path) -> None:
    assert missing_parts(vrt(tmp_path / "a.vrt", source("a.vrt", (0, 0, 9, 9), (0, 0, 9, 9)))) == []


def test_an_absolute_path_is_not_relative(tmp_path: Path) -> None:
    gone = str(tmp_path / "gone.tif")
    (part,) = missing_parts(vrt(tmp_path / "a.vrt", source(gone, (0, 0, 9, 9), (0, 0, 9, 9), relative=0)))
    assert str(part.file) == gone


@pytest.mark.parametrize("name", ["/vsicurl/https://a/b.tif", "https://a/b.tif", 'NETCDF:"a.nc":v', "<VRTDataset/>"])
def test_what_gdal_alone_understands_is_left_to_it(tmp_path: Path, name: str) -> None:
    quoted = name.replace("<", "&lt;").replace('"', "&quot;")
    assert missing_parts(vrt(tmp_path / "a.vrt", source(quoted, (0, 0, 9, 9), (0, 0, 9, 9), relative=0))) == []


def test_what_is_no_virtual_raster_has_no_parts(tmp_path: Path) -> None:
    (tmp_path / "a.vrt").write_text("no XML")
    assert missing_parts(str(tmp_path / "a.vrt")) == []
    assert missing_parts(str(tmp_path / "none.vrt")) == []
    assert missing_parts("/data/a.tif") == []
