"""An unexpected library error in one tile, with real pixels and a real sink."""

from __future__ import annotations

from typing import Any

import pytest

from rsgpt_plugin.geo.imagery.raster_file import FileSource
from rsgpt_plugin.shared.rasters.bands import BandChoice
from rsgpt_plugin.shared.rasters.tiles import Window

from .conftest import ScriptedGateway, numbered, rows_of
from .test_describeraster import Make, counts, describe

pytestmark = pytest.mark.usefixtures("provider")


def test_a_library_error_in_one_tile_fails_only_its_row(
    raster: Make, gateway: ScriptedGateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    def read(self: FileSource, bands: BandChoice, window: Window, size: tuple[int, int]) -> Any:
        if window.x == 32:
            raise ValueError("cannot reshape array of size 0")
        return original(self, bands, window, size)

    original = FileSource.read
    monkeypatch.setattr(FileSource, "read", read)
    result = describe(raster(numbered(1, 3)))
    assert counts(result)[:4] == (3, 2, 0, 1)
    rows = rows_of(result["OUTPUT"])
    assert [row["status"] for row in rows] == ["answered", "failed", "answered"]
    assert rows[1]["reason"].startswith("Unexpected error ValueError: cannot reshape array of size 0.")
    assert rows[1].geometry().boundingBox().width() == pytest.approx(16)
