"""What libraries raise, as this project's errors: a strange raster ends in a sentence, and the others go on."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress

from rasterio._err import CPLE_BaseError  # GDAL's own errors, which rasterio lets through and exports nowhere else
from rasterio.errors import RasterioError

from ..errors import ImageError

# The libraries' own errors (those of PROJ and pyogrio are RuntimeErrors), and the built-in ones that they let through
# for values that they do not expect.
_FOREIGN: tuple[type[Exception], ...] = (
    RasterioError, CPLE_BaseError, RuntimeError, ValueError, ArithmeticError, LookupError, TypeError, OSError,
    MemoryError,
)  # fmt: skip
with suppress(ModuleNotFoundError):  # a picture alone is read without it
    from shapely.errors import ShapelyError

    _FOREIGN = (*_FOREIGN, ShapelyError)


@contextmanager
def foreign_errors(sentence: str, kind: type[Exception] = ImageError) -> Iterator[None]:
    """Turn what a library raises into `kind`. sentence: with a place for {cause}."""
    try:
        yield
    except _FOREIGN as error:
        cause = error.__cause__ or error
        text = str(cause).strip() or type(cause).__name__
        raise kind(sentence.replace("{cause}", text)) from error
