"""A COG at an address: the same pictures as the file's, and no more of it fetched than they need."""

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
    """Parts of one file, as a store of COGs gives them; it counts what it sends."""

    data = b""
    sent = 0

    def do_HEAD(self) -> None:
        self._head(200, len(self.data))

    def do_GET(self) -> None:
        wanted = re.fullmatch(r"bytes=(\d+)-(\d+)", self.headers.get("Range", ""))
        start, end = (int(wanted[1]), int(wanted[2]) + 1) if wanted else (0, len(self.data))
        part = self.data[start:end]
        self._head(206 if wanted else 200, len(part), f"bytes {start}-{start + len(part) - 1}/{len(self.data)}")
        type(self).sent += len(part)
        self.wfile.write(part)

    def log_message(self, *_: object) -> None:
        """Nothing: the test looks at what was sent."""

    def _head(self, status: int, length: int, place: str = "") -> None:
        self.send_response(status)
        self.send_header("Accept-Ranges", "bytes")
        self.send_header("Content-Length", str(length))
        if place:
            self.send_header("Content-Range", place)
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


def test_an_address_that_is_signed_again_is_not_read_anew(address: str, tmp_path: Path) -> None:
    def read(query: str) -> int:
        """Bytes that a run over the address reads after its plan was made."""
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


def test_what_is_needed_is_fetched(cog: Path, address: str, tmp_path: Path) -> None:
    cut = TilingOptions(SIZE, mask=mask(tmp_path / "corner.geojson", polygon(10, 10, 200, 200)))
    plan, local = make_plan(address, cut), make_plan(str(cog), cut)
    assert 0 < len(plan.tiles) < len(plan.grid) / 4
    assert (plan.tiles, plan.stretch, plan.version) == (local.tiles, local.stretch, "")
    with TileReader(plan) as far, TileReader(local) as near:
        for tile in plan.tiles:
            assert np.array_equal(far.picture(tile).rgb, near.picture(tile).rgb)
    assert 0 < ServedRaster.sent < len(ServedRaster.data) / 2
