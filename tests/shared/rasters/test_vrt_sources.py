"""Missing sources of virtual rasters, including nested ones."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from rsgpt_plugin.shared.errors import ImageError
from rsgpt_plugin.shared.rasters.tiles import Window
from rsgpt_plugin.shared.rasters.vrt_sources import VrtSources

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


def always(_: str) -> bool:
    return True


def missing_sources(path: str, *windows: Window, can_open: Callable[[str], bool] = always) -> list[bool]:
    """Return for each window whether a source that it needs is missing."""
    mosaic, missing = VrtSources(path, can_open), []
    for window in windows:
        try:
            mosaic.check(window)
        except ImageError as error:
            assert "part of the mosaic is missing" in str(error)  # noqa: PT017 - collected for several windows
            missing.append(True)
        else:
            missing.append(False)
    return missing


def test_only_windows_on_a_missing_source_fail(tmp_path: Path) -> None:
    (tmp_path / "here.tif").touch()
    path = vrt(
        tmp_path / "a.vrt",
        source("here.tif", (0, 0, 256, 512), (0, 0, 256, 512)),
        source("gone.tif", (0, 0, 256, 512), (256, 0, 256, 512)),
    )
    assert missing_sources(path, Window(0, 0, 256, 512), Window(1, 511, 256, 1), Window(255, 0, 1, 1)) == [
        False,
        True,
        False,
    ]
    with pytest.raises(ImageError, match=r"missing: .*gone\.tif"):
        VrtSources(path, always).check(Window(0, 0, 512, 512))


def test_a_source_that_cannot_be_opened_is_checked_once(tmp_path: Path) -> None:
    for name in ("good.tif", "bad.tif"):
        (tmp_path / name).touch()
    path = vrt(
        tmp_path / "a.vrt",
        source("good.tif", (0, 0, 9, 9), (0, 0, 9, 9)),
        source("bad.tif", (0, 0, 9, 9), (9, 0, 9, 9)),
    )
    opened = []

    def can_open(file: str) -> bool:
        opened.append(Path(file).name)
        return "good" in file

    left, right = Window(0, 0, 9, 9), Window(9, 0, 9, 9)
    assert missing_sources(path, left, right, left, right, can_open=can_open) == [False, True, False, True]
    assert opened == ["good.tif", "bad.tif"]


def test_nested_rasters_are_followed_with_their_scale(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    vrt(tmp_path / "in" / "b.vrt", source("gone.tif", (0, 0, 64, 64), (64, 0, 64, 64)))
    path = vrt(tmp_path / "a.vrt", source("in/b.vrt", (32, 0, 64, 64), (100, 200, 128, 128)))
    inside, before, after = Window(164, 200, 1, 1), Window(163, 200, 1, 1), Window(228, 200, 1, 1)
    assert missing_sources(path, inside, before, after, Window(227, 327, 1, 1)) == [True, False, False, True]


def test_unused_sources_of_a_nested_raster_are_ignored(tmp_path: Path) -> None:
    vrt(tmp_path / "b.vrt", source("gone.tif", (0, 0, 64, 64), (64, 0, 64, 64)))
    path = vrt(tmp_path / "a.vrt", source("b.vrt", (0, 0, 64, 64), (0, 0, 64, 64)))
    assert missing_sources(path, Window(0, 0, 512, 512)) == [False]


def test_a_mosaic_that_contains_itself_ends(tmp_path: Path) -> None:
    path = vrt(tmp_path / "a.vrt", source("a.vrt", (0, 0, 9, 9), (0, 0, 9, 9)))
    assert missing_sources(path, Window(0, 0, 9, 9)) == [False]


def test_an_absolute_path_is_not_relative(tmp_path: Path) -> None:
    gone = str(tmp_path / "gone.tif")
    path = vrt(tmp_path / "a.vrt", source(gone, (0, 0, 9, 9), (0, 0, 9, 9), relative=0))
    with pytest.raises(ImageError, match=gone):
        VrtSources(path, always).check(Window(0, 0, 9, 9))


@pytest.mark.parametrize("name", ["/vsicurl/https://a/b.tif", "https://a/b.tif", 'NETCDF:"a.nc":v', "<VRTDataset/>"])
def test_names_that_only_gdal_understands_are_ignored(tmp_path: Path, name: str) -> None:
    quoted = name.replace("<", "&lt;").replace('"', "&quot;")
    path = vrt(tmp_path / "a.vrt", source(quoted, (0, 0, 9, 9), (0, 0, 9, 9), relative=0))
    assert missing_sources(path, Window(0, 0, 9, 9)) == [False]


def test_files_that_are_not_virtual_rasters_have_no_sources(tmp_path: Path) -> None:
    (tmp_path / "a.vrt").write_text("no XML")
    for path in (str(tmp_path / "a.vrt"), str(tmp_path / "none.vrt"), "/data/a.tif"):
        assert missing_sources(path, Window(0, 0, 9, 9)) == [False]
