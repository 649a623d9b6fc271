"""Rendered capture: palettes, styles, and online tiles that arrive or are missing."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any
from uuid import uuid4

import numpy as np
import pytest
from qgis.core import (
    QgsApplication,
    QgsCoordinateReferenceSystem,
    QgsCoordinateTransformContext,
    QgsFeedback,
    QgsHueSaturationFilter,
    QgsRasterLayer,
    QgsRectangle,
    QgsTask,
)
from qgis.PyQt.QtCore import QEventLoop
from qgis.PyQt.QtGui import QColor, QImage

from rsgpt_plugin.errors import Cancelled, ImageryError
from rsgpt_plugin.geo.imagery import rendered_capture
from rsgpt_plugin.geo.imagery.capture import CaptureMode, CaptureOptions, open_capture
from rsgpt_plugin.geo.imagery.gsd import QgisGroundMeter
from rsgpt_plugin.geo.imagery.layer_snapshot import LayerSnapshot, take_snapshot
from rsgpt_plugin.geo.imagery.rendered_capture import RenderedCapture
from rsgpt_plugin.shared.rasters.tiles import Window
from tests.plugin.rasters import DEGREES, OddRaster, pattern, write

AT_60_NORTH = QgsRectangle(2776957, 8377651, 2777569, 8378263)  # pixels of zoom 18 are 0.3 m wide
WHOLE_WEB = QgsRectangle(-500, 6000000, 500, 6001000)


def drawn(snapshot: LayerSnapshot, resolution: float = 0.0, area: QgsRectangle | None = None) -> RenderedCapture:
    options = CaptureOptions(CaptureMode.RENDERED if not resolution else CaptureMode.AUTO, (), resolution)
    capture = open_capture(snapshot, options, area or snapshot.extent, QgsFeedback())
    assert isinstance(capture, RenderedCapture)
    return capture


def online(address: str) -> LayerSnapshot:
    layer = QgsRasterLayer(f"type=xyz&url={address}&zmax=19&zmin=0", "online", "wms")
    assert layer.isValid()
    return take_snapshot(layer, QgsCoordinateTransformContext())


@pytest.fixture
def tiles(tmp_path: Path) -> Path:
    """A red tile, whose URL is the same for every zoom level, column, and row."""
    image = QImage(256, 256, QImage.Format.Format_RGB32)
    image.fill(QColor(200, 30, 10))
    path = tmp_path / "tile.png"
    assert image.save(str(path))
    return path


def test_a_palette_is_drawn_in_its_colors(make_snapshot: Callable[..., LayerSnapshot]) -> None:
    values = pattern(1, 64, 96)
    capture = open_capture(
        make_snapshot(values, OddRaster(palette=True)),
        CaptureOptions(),
        QgsRectangle(500000, 3999968, 500048, 4000000),
        QgsFeedback(),
    )
    assert isinstance(capture, RenderedCapture)
    assert (capture.frame.width, capture.frame.height) == (96, 64)
    shot = capture.picture(Window(0, 0, 96, 64))
    assert np.array_equal(shot.rgb[..., 0], values[0])
    assert np.array_equal(shot.rgb[..., 1], 255 - values[0])
    assert (shot.bands, shot.stretch) == ("rendered", "rendered")


def test_the_picture_has_the_style_of_the_layer(tmp_path: Path) -> None:
    values = np.zeros((3, 64, 96), np.uint8)
    values[0] = 200
    layer = QgsRasterLayer(str(write(tmp_path / "a.tif", values)), "a")
    layer.hueSaturationFilter().setGrayscaleMode(QgsHueSaturationFilter.GrayscaleMode.GrayscaleAverage)
    shot = drawn(take_snapshot(layer, QgsCoordinateTransformContext())).picture(Window(0, 0, 96, 64))
    assert shot.rgb.std(axis=2).max() == 0


def test_transparent_pixels_are_not_valid(make_snapshot: Callable[..., LayerSnapshot]) -> None:
    values = pattern(1, 64, 96)
    values[0, :, :40] = 0
    shot = drawn(make_snapshot(values, OddRaster(nodata=0))).picture(Window(0, 0, 96, 64))
    assert not shot.valid[:, :40].any()
    assert shot.valid[:, 40:].all()
    assert shot.rgb[:, :40].max() == 0


def test_the_ground_resolution_is_met_in_degrees(make_snapshot: Callable[..., LayerSnapshot]) -> None:
    capture = drawn(make_snapshot(pattern(3, 400, 400), OddRaster(DEGREES, 4326)), 1.0)
    along, down = capture.meter.pixel_sides(capture.frame, Window(0, 0, 64, 64))
    assert (along, down) == pytest.approx((1.0, 1.0), rel=1e-3)
    shot = capture.picture(Window(0, 0, 64, 64))
    assert shot.rgb.shape == (64, 64, 3)
    assert shot.valid.all()
    assert shot.gsd_m == pytest.approx(1.0, rel=1e-3)


def test_online_tiles_are_drawn(tiles: Path) -> None:
    capture = drawn(online(tiles.as_uri()), 0.5, WHOLE_WEB)
    shot = capture.picture(Window(10, 10, 128, 128))
    assert shot.valid.all()
    assert np.unique(shot.rgb.reshape(-1, 3), axis=0).tolist() == [[200, 30, 10]]
    assert shot.gsd_m == pytest.approx(0.5, rel=0.01)
    assert "0.5 m" in capture.note


@pytest.mark.parametrize("meters", [0.2995, 0.3, 0.3005])
def test_a_resolution_close_to_a_zoom_level_uses_its_pixels(tiles: Path, meters: float) -> None:
    frame = drawn(online(tiles.as_uri()), meters, AT_60_NORTH).frame
    pixel = 2 * 20037508.342789244 / 2**18 / 256
    assert (frame.geotransform[1], -frame.geotransform[5]) == pytest.approx((pixel, pixel), rel=1e-9)


def test_a_resolution_between_zoom_levels_is_met(tiles: Path) -> None:
    frame = drawn(online(tiles.as_uri()), 0.25, AT_60_NORTH).frame
    meter = QgisGroundMeter(QgsCoordinateReferenceSystem("EPSG:3857"), QgsCoordinateTransformContext())
    assert meter.resolution(frame, Window(0, 0, frame.width, frame.height)) == pytest.approx(0.25, rel=1e-4)
    assert frame.geotransform[1] == -frame.geotransform[5]


def test_between_zoom_levels_no_pixel_of_a_tile_is_skipped(tmp_path: Path) -> None:
    stripes = QImage(256, 256, QImage.Format.Format_RGB32)
    for x in range(256):
        for y in range(256):
            stripes.setPixelColor(x, y, QColor("white" if x % 2 else "black"))
    assert stripes.save(str(tmp_path / "tile.png"))
    shot = drawn(online((tmp_path / "tile.png").as_uri()), 0.4, AT_60_NORTH).picture(Window(0, 0, 256, 256))
    assert shot.rgb.mean() == pytest.approx(127, abs=4)
    assert ((shot.rgb > 40) & (shot.rgb < 215)).mean() > 0.8


# UTM's scale on its central meridian is 0.9996.
@pytest.mark.parametrize(("meters", "pixel"), [(0.498, 0.5), (1.003, 1.0), (0.55, 0.54978), (0.25, 0.2499)])
def test_a_resolution_close_to_a_multiple_of_the_pixels_uses_it(
    make_snapshot: Callable[..., LayerSnapshot], meters: float, pixel: float
) -> None:
    frame = drawn(make_snapshot(pattern(3, 400, 400)), meters).frame
    assert (frame.geotransform[1], -frame.geotransform[5]) == pytest.approx((pixel, pixel), rel=1e-5)


def test_missing_online_tiles_are_drawn_twice(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    capture = drawn(online((tmp_path / "missing.png").as_uri()), 0.5, WHOLE_WEB)
    attempts: list[tuple[Any, ...]] = []
    render = RenderedCapture._render

    def counted(self: RenderedCapture, *place: Any) -> Any:
        attempts.append(place)
        return render(self, *place)

    monkeypatch.setattr(RenderedCapture, "_render", counted)
    with pytest.raises(ImageryError, match="could not be loaded"):
        capture.picture(Window(0, 0, 64, 64))
    assert len(attempts) == 2


TILE = 2 * 20037508.342789244 / 2**18  # the side of a tile of zoom 18 on the map
FOUR_TILES = QgsRectangle(TILE, TILE, 3 * TILE, 3 * TILE)


class TileServer(ThreadingHTTPServer):
    """Serves tiles of zoom 18: the tile image for even columns, and `reply` for odd columns."""

    def __init__(self, png: bytes, reply: tuple[int, bytes, str]) -> None:
        super().__init__(("127.0.0.1", 0), TileHandler)
        self.png, self.reply = png, reply
        # QGIS keeps tiles in a cache of the user; a later server may get the same port.
        self.address = f"http://127.0.0.1:{self.server_port}/{uuid4()}/%7Bz%7D/%7Bx%7D/%7By%7D.png?key%3DSECRET"


class TileHandler(BaseHTTPRequestHandler):
    server: TileServer

    def do_GET(self) -> None:
        is_odd = int(self.path.split("/")[3]) % 2
        status, body, kind = self.server.reply if is_odd else (200, self.server.png, "image/png")
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args: object) -> None:
        """Log nothing."""


@pytest.fixture
def serve_tiles(tiles: Path) -> Iterator[Callable[..., TileServer]]:
    """Start tile servers with the given reply for odd columns."""
    servers = []

    def serve(status: int, body: bytes | None = b"", kind: str = "image/png") -> TileServer:
        png = tiles.read_bytes()
        server = TileServer(png, (status, png if body is None else body, kind))
        servers.append(server)
        Thread(target=server.serve_forever, daemon=True).start()
        return server

    yield serve
    for server in servers:
        server.shutdown()
        server.server_close()


@pytest.mark.parametrize(
    ("status", "body", "kind", "cause"),
    [
        (404, b"not found", "image/png", "HTTP 404"),
        (500, b"oops", "text/plain", "HTTP 500"),
        (401, b"no", "text/plain", "HTTP 401"),
        (204, b"", "image/png", r"Returned image is flawed \[Content-Type: image/png\]"),
        (200, b"", "image/png", r"Returned image is flawed \[Content-Type: image/png\]"),
        (200, b"<html>Sign in</html>", "text/html", r"Tile request error \(Status: 200; Content-Type: text/html; .*\)"),
    ],
)
def test_a_picture_with_missing_tiles_fails_with_the_cause(
    serve_tiles: Callable[..., TileServer], status: int, body: bytes, kind: str, cause: str
) -> None:
    capture = drawn(online(serve_tiles(status, body, kind).address), TILE / 256, FOUR_TILES)
    with pytest.raises(ImageryError, match=rf"could not be loaded \({cause}\)") as error:
        capture.picture(Window(0, 0, 512, 512))
    assert "SECRET" not in str(error.value)
    assert "127.0.0.1" not in str(error.value)


def test_a_picture_with_missing_tiles_fails_with_the_cause_in_a_task(serve_tiles: Callable[..., TileServer]) -> None:
    """A run from the user interface: the main thread's event loop receives the replies."""
    snapshot, messages, loop = online(serve_tiles(401, b"no").address), [], QEventLoop()

    def take(_: QgsTask) -> None:
        try:
            drawn(snapshot, TILE / 256, FOUR_TILES).picture(Window(0, 0, 512, 512))
        except ImageryError as error:
            messages.append(str(error))
        snapshot.leave_thread()

    task = QgsTask.fromFunction("picture", take, on_finished=lambda *_: loop.quit())
    QgsApplication.taskManager().addTask(task)
    loop.exec()
    assert len(messages) == 1
    assert "could not be loaded (HTTP 401)" in messages[0]


def test_a_picture_without_missing_tiles_succeeds(serve_tiles: Callable[..., TileServer]) -> None:
    capture = drawn(online(serve_tiles(404).address), TILE / 256, FOUR_TILES)
    complete: list[bool | None] = []
    for x in (0, 256):
        try:
            complete.append(bool(capture.picture(Window(x, 0, 256, 256)).valid.all()))
        except ImageryError:
            complete.append(None)
    assert sorted(complete, key=str) == [None, True]


def test_a_picture_with_all_tiles_has_no_errors(serve_tiles: Callable[..., TileServer]) -> None:
    capture = drawn(online(serve_tiles(200, None).address), TILE / 256, FOUR_TILES)
    assert capture.picture(Window(0, 0, 512, 512)).valid.all()


def test_drawing_stops_on_cancel(tiles: Path) -> None:
    capture = drawn(online(tiles.as_uri()), 0.5, WHOLE_WEB)
    capture.feedback.cancel()
    with pytest.raises(Cancelled):
        capture.picture(Window(0, 0, 64, 64))


def test_drawing_stops_after_a_time_limit(tiles: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rendered_capture, "RENDER_SECONDS", 0)
    with pytest.raises(ImageryError, match="not drawn within 0 s"):
        drawn(online(tiles.as_uri()), 0.5, WHOLE_WEB).picture(Window(0, 0, 512, 512))
