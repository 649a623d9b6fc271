"""Unusual rasters: without a position or a source, in archives, behind links, or in several CRSs."""

from __future__ import annotations

import shutil
import zipfile
from pathlib import Path

import numpy as np
import pytest
import rasterio
import rasterio.shutil
from rasterio.control import GroundControlPoint
from rasterio.rpc import RPC

from rsgpt_backend.batch.tile_pictures import TileReader, TilingOptions, make_plan
from rsgpt_backend.batch.tile_polygons import check_output_crs
from rsgpt_backend.data.raster_reader import RasterReader
from rsgpt_backend.errors import ImageError
from tests.backend.batch.rasters import NORTH_UP, OddGeoTiff, write

pytestmark = pytest.mark.filterwarnings("ignore::rasterio.errors.NotGeoreferencedWarning")  # caused by these tests

IDENTITY = (0.0, 1.0, 0.0, 0.0, 0.0, 1.0)
LOCAL = 'LOCAL_CS["site",UNIT["metre",1]]'


def noise(seed: int = 3, side: int = 64) -> np.ndarray:
    return np.random.default_rng(seed).integers(1, 250, (3, side, side)).astype(np.uint8)


def hashes(source: str, size: int = 32) -> list[str]:
    """Return the hash of each tile, or its error message."""
    plan, values = make_plan(source, TilingOptions(size)), []
    with TileReader(plan) as reader:
        for tile in plan.tiles:
            try:
                values.append(reader.picture(tile).sha256)
            except ImageError as error:
                values.append(str(error))
    return values


def refusal(path: Path) -> str:
    with pytest.raises(ImageError) as caught:
        make_plan(str(path), TilingOptions(32))
    return str(caught.value)


@pytest.mark.parametrize(
    ("crs", "sentence"),
    [("EPSG:32611", "no position.*-a_ullr"), (None, "no coordinate system and no position.*-a_srs.*-a_ullr")],
)
def test_a_raster_without_a_position_is_refused(tmp_path: Path, crs: str | None, sentence: str) -> None:
    path = write(tmp_path / "a.tif", noise(), OddGeoTiff(IDENTITY, crs))
    with pytest.raises(ImageError, match=sentence):
        make_plan(str(path), TilingOptions(32))


def test_the_refusal_of_control_points_suggests_a_command(tmp_path: Path) -> None:
    path = write(tmp_path / "a.tif", noise(), OddGeoTiff(IDENTITY, None))
    corners = [(0, 0, 500000.0, 4000000.0), (0, 64, 500032.0, 4000000.0), (64, 0, 500000.0, 3999968.0),
               (64, 64, 500032.0, 3999968.0)]  # fmt: skip
    with rasterio.open(path, "r+") as dataset:
        dataset.gcps = [GroundControlPoint(*corner) for corner in corners], "EPSG:32611"
    assert "ground control points" in refusal(path)
    assert f"gdalwarp {path} OUT.tif" in refusal(path)


def test_the_refusal_of_rational_polynomials_suggests_a_command(tmp_path: Path) -> None:
    path = write(tmp_path / "a.tif", noise(), OddGeoTiff(IDENTITY, None))
    one, zero = [1.0] + [0.0] * 19, [0.0] * 20
    with rasterio.open(path, "r+") as dataset:
        dataset.rpcs = RPC(0.0, 500.0, 36.1, 0.001, one, zero, 32.0, 32.0, -117.0, 0.001, one, zero, 32.0, 32.0)
    assert "gdalwarp -rpc" in refusal(path)


def test_the_refusal_of_several_rasters_lists_their_names(tmp_path: Path) -> None:
    path = tmp_path / "a.gpkg"
    for name, append in (("FIRST", "NO"), ("SECOND", "YES")):
        rasterio.shutil.copy(
            write(tmp_path / "a.tif", noise()), path, driver="GPKG", RASTER_TABLE=name, APPEND_SUBDATASET=append
        )
    assert f"GPKG:{path}:FIRST, GPKG:{path}:SECOND" in refusal(path)
    assert len(hashes(f"GPKG:{path}:SECOND")) == 4


def mosaic(folder: Path, *, gone: str = "") -> tuple[Path, list[str]]:
    """Write a virtual raster of four files, return it with its hashes, then delete the file `gone`."""
    values, pieces = noise(), []
    for number in range(4):
        y, x = divmod(number, 2)
        geotransform = (500000.0 + 16 * x, 0.5, 0.0, 4000000.0 - 16 * y, 0.0, -0.5)
        piece = values[:, 32 * y : 32 * y + 32, 32 * x : 32 * x + 32]
        write(folder / f"{number}.tif", piece, OddGeoTiff(geotransform))
        rects = f'<SrcRect xOff="0" yOff="0" xSize="32" ySize="32"/><DstRect xOff="{32 * x}" yOff="{32 * y}" ' \
                'xSize="32" ySize="32"/>'  # fmt: skip
        pieces.append(f'<SimpleSource><SourceFilename relativeToVRT="1">{number}.tif</SourceFilename>'
                      f"<SourceBand>BAND</SourceBand>{rects}</SimpleSource>")  # fmt: skip
    path = folder / "a.vrt"
    path.write_text(virtual("".join(pieces)))
    before = hashes(str(path), 16)
    if gone:
        (folder / gone).unlink()
    return path, before


def virtual(sources: str) -> str:
    bands = "".join(
        f'<VRTRasterBand dataType="Byte" band="{band}">{sources.replace("BAND", str(band))}</VRTRasterBand>'
        for band in (1, 2, 3)
    )
    return (f'<VRTDataset rasterXSize="64" rasterYSize="64"><SRS>EPSG:32611</SRS><GeoTransform>'
            f"{', '.join(map(str, NORTH_UP))}</GeoTransform>{bands}</VRTDataset>")  # fmt: skip


@pytest.mark.parametrize("nested", [False, True])
def test_tiles_with_a_missing_source_fail(tmp_path: Path, nested: bool) -> None:
    path, before = mosaic(tmp_path, gone="3.tif")
    if nested:
        rects = '<SrcRect xOff="0" yOff="0" xSize="64" ySize="64"/><DstRect xOff="0" yOff="0" xSize="64" ySize="64"/>'
        source = f'<SourceFilename relativeToVRT="1">a.vrt</SourceFilename><SourceBand>BAND</SourceBand>{rects}'
        path = tmp_path / "b.vrt"
        path.write_text(virtual(f"<SimpleSource>{source}</SimpleSource>"))
    after = hashes(str(path), 16)
    lost = [tile for tile in range(16) if tile // 8 and tile % 4 > 1]
    assert [tile for tile in range(16) if "3.tif" in after[tile]] == lost
    assert [after[tile] for tile in range(16) if tile not in lost] == [before[t] for t in range(16) if t not in lost]


def test_tiles_with_an_unreadable_source_fail(tmp_path: Path) -> None:
    path, before = mosaic(tmp_path)
    (tmp_path / "0.tif").write_bytes(b"no raster")
    after = hashes(str(path), 16)
    assert [tile for tile in range(16) if after[tile] != before[tile]] == [0, 1, 4, 5]
    assert [after[tile] for tile in (0, 1, 4, 5) if "0.tif" not in after[tile]] == []


def test_a_mosaic_without_any_source_is_refused(tmp_path: Path) -> None:
    path, _ = mosaic(tmp_path)
    for number in range(4):
        (tmp_path / f"{number}.tif").unlink()
    assert "missing" in refusal(path)


def test_bands_of_different_types_are_read(tmp_path: Path) -> None:
    values = noise()
    for number, kind in enumerate(("uint8", "uint16", "float32")):
        write(tmp_path / f"{number}.tif", values[number : number + 1].astype(kind) * (1, 257, 1)[number])
    bands = "".join(
        f'<VRTRasterBand dataType="{kind}" band="{band + 1}"><SimpleSource><SourceFilename relativeToVRT="1">{band}.tif'
        "</SourceFilename><SourceBand>1</SourceBand></SimpleSource></VRTRasterBand>"
        for band, kind in enumerate(("Byte", "UInt16", "Float32"))
    )
    path = tmp_path / "a.vrt"
    head = virtual("").split("<VRTRasterBand")[0]
    path.write_text(f"{head}{bands}</VRTDataset>")
    plan = make_plan(str(path), TilingOptions(64))
    with TileReader(plan) as reader:
        shown = reader.picture(0).rgb
    assert len(plan.stretch.limits) == 3
    for band in range(3):
        assert np.corrcoef(shown[..., band].ravel(), values[band].ravel())[0, 1] > 0.99


def test_a_link_is_not_resolved(tmp_path: Path) -> None:
    """World file and CRS are next to the link, as in a store that names files by their content."""
    (tmp_path / "store").mkdir()
    stored = tmp_path / "store" / "aa.png"
    with rasterio.open(stored, "w", driver="PNG", width=64, height=64, count=3, dtype="uint8") as dataset:
        dataset.write(noise())
    link = tmp_path / "photo.png"
    link.symlink_to(stored)
    (tmp_path / "photo.pgw").write_text("0.5\n0\n0\n-0.5\n500000.25\n3999999.75\n")
    (tmp_path / "photo.png.aux.xml").write_text("<PAMDataset><SRS>EPSG:32611</SRS></PAMDataset>")
    plan = make_plan(str(link), TilingOptions(32))
    assert plan.source == str(link)
    assert plan.frame.geotransform == NORTH_UP
    assert len(hashes(str(link))) == 4


@pytest.mark.parametrize("form", ["/vsizip/{}/x.tif", "/vsizip/{{{}}}/x.tif", "zip://{}!x.tif"])
def test_a_changed_archive_changes_the_key(tmp_path: Path, form: str) -> None:
    archive = tmp_path / "a.zip"
    keys = []
    for seed in (1, 2):
        write(tmp_path / "x.tif", noise(seed))
        with zipfile.ZipFile(archive, "w") as file:
            file.write(tmp_path / "x.tif", "x.tif")
        plan = make_plan(form.format(archive), TilingOptions(32))
        assert plan.version
        keys.append(plan.key)
    assert keys[0] != keys[1]


def test_a_file_next_to_a_raster_changes_the_key(tmp_path: Path) -> None:
    path = write(tmp_path / "a.tif", noise())
    before = make_plan(str(path), TilingOptions(32)).key
    shape = {"width": 64, "height": 64, "count": 1, "dtype": "uint8"}
    with rasterio.open(tmp_path / "a.tif.msk", "w", driver="GTiff", **shape) as mask:
        mask.update_tags(**{f"INTERNAL_MASK_FLAGS_{band}": "2" for band in (1, 2, 3)})
        mask.write(np.full((1, 64, 64), 255, np.uint8))
    assert make_plan(str(path), TilingOptions(32)).key != before


def test_rasters_without_a_transformation_between_their_crs_are_refused(tmp_path: Path) -> None:
    earth = make_plan(str(write(tmp_path / "a.tif", noise())), TilingOptions(32))
    site = make_plan(
        str(write(tmp_path / "b.tif", noise(), OddGeoTiff((0.0, 0.5, 0.0, 32.0, 0.0, -0.5), LOCAL))), TilingOptions(32)
    )
    check_output_crs("a", earth.frame, earth.crs_wkt, earth.crs_wkt)
    with pytest.raises(ImageError, match="b cannot be transformed to the first raster's"):
        check_output_crs("b", site.frame, site.crs_wkt, earth.crs_wkt)


def test_a_raster_outside_the_crs_of_the_first_is_refused(tmp_path: Path) -> None:
    earth = make_plan(str(write(tmp_path / "a.tif", noise())), TilingOptions(32))
    beyond = OddGeoTiff((0.0, 0.01, 0.0, 90.2, 0.0, -0.01), "EPSG:4326")
    far = make_plan(str(write(tmp_path / "b.tif", noise(), beyond)), TilingOptions(32))
    with pytest.raises(ImageError, match="first raster"):
        check_output_crs("b", far.frame, far.crs_wkt, earth.crs_wkt)


def test_errors_of_libraries_become_image_errors(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = write(tmp_path / "a.tif", noise())
    plan = make_plan(str(path), TilingOptions(32))
    for error in (ValueError("strange"), RuntimeError("strange"), ZeroDivisionError("strange"), MemoryError("strange")):
        with TileReader(plan) as reader:
            monkeypatch.setattr(RasterReader, "_read", lambda *_, error=error: (_ for _ in ()).throw(error))
            with pytest.raises(ImageError, match="cannot be read \\(strange\\)"):
                reader.picture(0)


def test_a_raster_whose_tiles_all_fail_is_refused_with_their_cause(tmp_path: Path) -> None:
    path = write(tmp_path / "a.tif", noise()[:1].astype(np.complex64))
    assert "complex" in refusal(path)
    shutil.copy(write(tmp_path / "b.tif", noise()), path)
    path.write_bytes(path.read_bytes()[:900])
    assert "cannot be read" in refusal(path)
