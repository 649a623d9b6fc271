"""A COG at a URL: the pictures of the local file, with only the required parts fetched."""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import numpy as np
import pyogrio
import pytest
import rasterio.shutil

from rsgpt_backend.batch.batch_run import BatchRun
from rsgpt_backend.batch.local_executor import answered
from rsgpt_backend.batch.tile_pictures import TileReader, TilingOptions, make_plan
from rsgpt_backend.batch.tile_rows import BatchQuestions
from tests.backend.batch.rasters import write
from tests.backend.batch.test_mask import mask, polygon
from tests.fakes.fake_engine import FakeEngine, Script

SIDE, SIZE = 2048, 64


class ServedRaster(BaseHTTPRequestHandler):
    """Serves ranges of one file and counts the bytes that it sends."""

    data = b""
    sent = 0

    def do_HEAD(self) -> None:
        self._head(200, len(self.data))

    def do_GET(self) -> None:
        match = re.fullmatch(r"bytes=(\d+)-(\d+)", self.headers.get("Range", ""))
        start, end = (int(match[1]), int(match[2]) + 1) if match else (0, len(self.data))
        part = self.data[start:end]
        self._head(206 if match else 200, len(part), f"bytes {start}-{start + len(part) - 1}/{len(self.data)}")
        type(self).sent += len(part)
        self.wfile.write(part)

    def log_message(self, *_: object) -> None:
        """Log nothing."""

    def _head(self, status: int, length: int, content_range: str = "") -> None:
        self.send_response(status)
        self.send_header("Accept-Ranges", "bytes")
        self.send_header("Content-Length", str(length))
        if content_range:
            self.send_header("Content-Range", content_range)
        self.end_headers()


@pytest.fixture
def cog(tmp_path: Path) -> Path:
    noise = np.random.default_rng(5).integers(0, 256, (3, SIDE, SIDE), dtype=np.uint8)
    plain = write(tmp_path / "plain.tif", noise, tiled=True)
    rasterio.shutil.copy(plain, tmp_path / "cog.tif", driver="COG", blocksize=256, compress="NONE")
    return tmp_path / "cog.tif"


@pytest.fixture
def address(cog: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    monkeypatch.setattr(ServedRaster, "data", cog.read_bytes())
    monkeypatch.setattr(ServedRaster, "sent", 0)
    with ThreadingHTTPServer(("127.0.0.1", 0), ServedRaster) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}/cog.tif"
        server.shutdown()
        thread.join()


def test_a_url_with_a_new_signature_is_not_read_again(address: str, tmp_path: Path) -> None:
    def read(query: str) -> int:
        """Return the bytes that a run reads after its plan was made."""
        plan = make_plan(f"{address.replace('//', '//user:GEHEIM@')}?{query}", TilingOptions(SIDE // 4))
        with BatchRun([plan], BatchQuestions("fake", "f" * 64, "Describe it."), tmp_path / "a.gpkg") as run:
            before = ServedRaster.sent
            run.ask(lambda work, journal: answered(work, lambda: FakeEngine(Script()), journal))
            run.write()
            return ServedRaster.sent - before

    assert read("se=2026-01-01&sig=GEHEIM") > 0
    assert read("se=2027-01-01&sig=GEHEIM2") == 0
    assert read("other=1&sig=GEHEIM") > 0  # it may be another file
    rows = pyogrio.read_arrow(tmp_path / "a.gpkg")[1].to_pylist()
    assert {row["raster"] for row in rows} == {f"{address}?other=1"}
    assert b"GEHEIM" not in (tmp_path / "a.gpkg").read_bytes() + (tmp_path / "a.gpkg.journal").read_bytes()


def test_only_required_parts_are_fetched(cog: Path, address: str, tmp_path: Path) -> None:
    tiling = TilingOptions(SIZE, mask=mask(tmp_path / "corner.geojson", polygon(10, 10, 200, 200)))
    plan, local = make_plan(address, tiling), make_plan(str(cog), tiling)
    assert 0 < len(plan.tiles) < len(plan.grid) / 4
    assert (plan.tiles, plan.stretch, plan.version) == (local.tiles, local.stretch, "")
    with TileReader(plan) as remote_reader, TileReader(local) as local_reader:
        for tile in plan.tiles:
            assert np.array_equal(remote_reader.picture(tile).rgb, local_reader.picture(tile).rgb)
    assert 0 < ServedRaster.sent < len(ServedRaster.data) / 2
