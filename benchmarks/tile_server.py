"""A raster as map tiles, z/x/y in Web Mercator, on loopback: what an online layer is to QGIS. Keeps no tile."""

from __future__ import annotations

import io
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import rasterio
from affine import Affine
from PIL import Image
from rasterio.enums import Resampling
from rasterio.vrt import WarpedVRT

SIDE = 256  # pixels of a tile
CRS = "EPSG:3857"
_EDGE = 20037508.342789244  # of the square world, in metres from its middle


@dataclass(frozen=True)
class MapTile:
    """One tile. column: from the west; row: from the north."""

    zoom: int
    column: int
    row: int

    @classmethod
    def of(cls, path: str) -> MapTile | None:
        """The tile that an address ends in; None where it names none."""
        parts = path.removesuffix(".png").strip("/").split("/")
        if len(parts) != 3 or not all(part.isdecimal() for part in parts):
            return None
        return cls(*map(int, parts))

    @property
    def pixel(self) -> float:
        """The side of its pixels, in units of the CRS."""
        return 2 * _EDGE / 2**self.zoom / SIDE

    @property
    def corner(self) -> tuple[float, float]:
        """Where its first pixel's outer corner, the north-western one, lies."""
        side = SIDE * self.pixel
        return self.column * side - _EDGE, _EDGE - self.row * side


def tile_png(raster: Path, tile: MapTile) -> bytes:
    """The tile, transparent beside the raster; where the raster's grid is the tile's, its own pixels."""
    place = Affine.translation(*tile.corner) @ Affine.scale(tile.pixel, -tile.pixel)
    grid = {"transform": place, "width": SIDE, "height": SIDE}
    with (
        rasterio.open(raster) as source,
        WarpedVRT(source, crs=CRS, resampling=Resampling.bilinear, add_alpha=True, **grid) as warped,
    ):
        pixels = warped.read().transpose(1, 2, 0)
    png = io.BytesIO()
    Image.fromarray(pixels, "RGBA").save(png, "PNG", compress_level=1)
    return png.getvalue()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def __init__(self, raster: Path, *connection: object) -> None:
        self._raster = raster
        super().__init__(*connection)  # type: ignore[arg-type]  # what the server hands on

    def do_GET(self) -> None:
        tile = MapTile.of(self.path)
        if tile is None:
            self.send_error(404)
            return
        png = tile_png(self._raster, tile)
        self.send_response(200)
        self.send_header("Content-Type", "image/png")
        self.send_header("Content-Length", str(len(png)))
        self.send_header("Cache-Control", "no-store")
        self.end_headers()
        self.wfile.write(png)

    def log_message(self, *args: object) -> None:
        """Nothing: the table is what is printed."""


@contextmanager
def tiles_of(raster: Path) -> Iterator[str]:
    """Serve `raster`; gives the address, with places for z, x and y, as QGIS wants it."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(_Handler, raster))
    thread = Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/{{z}}/{{x}}/{{y}}.png"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
