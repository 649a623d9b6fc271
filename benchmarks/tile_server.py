"""A local server that serves a raster as XYZ map tiles in Web Mercator, to test online layers."""

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
_EDGE = 20037508.342789244  # half the side of the square world in meters


@dataclass(frozen=True)
class MapTile:
    """One tile. column: counted from the west; row: counted from the north."""

    zoom: int
    column: int
    row: int

    @classmethod
    def of(cls, path: str) -> MapTile | None:
        """Return the tile that an address ends with, or None."""
        parts = path.removesuffix(".png").strip("/").split("/")
        if len(parts) != 3 or not all(part.isdecimal() for part in parts):
            return None
        return cls(*map(int, parts))

    @property
    def pixel(self) -> float:
        """The side of a pixel in units of the CRS."""
        return 2 * _EDGE / 2**self.zoom / SIDE

    @property
    def corner(self) -> tuple[float, float]:
        """The position of the north-western corner."""
        side = SIDE * self.pixel
        return self.column * side - _EDGE, _EDGE - self.row * side


def tile_png(raster: Path, tile: MapTile) -> bytes:
    """Return the tile as PNG, transparent outside the raster; if both grids agree, with the raster's own pixels."""
    transform = Affine.translation(*tile.corner) @ Affine.scale(tile.pixel, -tile.pixel)
    grid = {"transform": transform, "width": SIDE, "height": SIDE}
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
        super().__init__(*connection)  # type: ignore[arg-type]  # as passed by the server

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
        """Print nothing; benchmarks print a table."""


@contextmanager
def tiles_of(raster: Path) -> Iterator[str]:
    """Serve `raster` and yield the address with {z}, {x}, and {y}, in the format of QGIS."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(_Handler, raster))
    thread = Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/{{z}}/{{x}}/{{y}}.png"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
