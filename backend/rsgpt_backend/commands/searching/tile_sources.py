"""The tiles of rasters as pictures to search, captured as by `rsgpt batch`."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from types import TracebackType
from typing import Self

from PIL import Image

from rsgpt_plugin.shared.files.addresses import without_secrets

from ...batch.tile_pictures import RasterPlan, TileReader, TilingOptions, make_plan
from ...errors import DataError, ImageError, RsgptError
from ...predictor import KeyedPicture
from ...search.indexing import PictureSource


class RasterTiles:
    """Reads tiles of rasters, of which it keeps one open."""

    def __init__(self, size: int, reads_gsd: bool) -> None:
        """size: side of a tile in pixels. reads_gsd: whether the model reads the ground resolution."""
        self._tiling, self._reads_gsd = TilingOptions(size), reads_gsd
        self._reader: TileReader | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._reader is not None:
            self._reader.__exit__()

    def sources(self, rasters: Sequence[str], report: Callable[[str, RsgptError], None]) -> list[PictureSource]:
        """Return the tiles of rasters, named as `scene.tif#xywh=left,top,width,height`; report unusable rasters."""
        sources: dict[str, PictureSource] = {}
        for raster in rasters:
            try:
                plan = make_plan(raster, self._tiling)
            except (ImageError, DataError) as error:
                report(raster, error)
            else:
                sources |= {source.place: source for source in self._of(raster, plan)}
        return list(sources.values())

    def _of(self, raster: str, plan: RasterPlan) -> Iterator[PictureSource]:
        # A raster at an address may be replaced without a sign of it.
        version = f"{hashlib.sha256(plan.key.encode()).hexdigest()} {self._reads_gsd}" if plan.version else ""
        name, place = without_secrets(raster), without_secrets(plan.source)
        for tile in plan.tiles:
            window = plan.grid.window(tile)
            part = f"#xywh={window.x},{window.y},{window.width},{window.height}"
            yield PictureSource(name + part, place + part, version, partial(self._read, plan, tile))

    def _read(self, plan: RasterPlan, tile: int) -> KeyedPicture | None:
        if self._reader is None or self._reader.plan is not plan:
            if self._reader is not None:
                self._reader.__exit__()
            self._reader = TileReader(plan)
        picture = self._reader.picture(tile)
        if picture.empty:
            return None
        return KeyedPicture(Image.fromarray(picture.rgb), picture.sha256, picture.gsd_m if self._reads_gsd else None)
