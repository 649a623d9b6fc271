"""Conversion of library errors to this project's errors, so that one odd raster does not end a run."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress

from rasterio._err import CPLE_BaseError  # errors of GDAL, which rasterio raises but does not export
from rasterio.errors import RasterioError

from ..errors import ImageError

# Errors of the libraries (those of PROJ and pyogrio are RuntimeErrors), and the built-in errors that they raise for
# unexpected values.
_LIBRARY_ERRORS: tuple[type[Exception], ...] = (
    RasterioError, CPLE_BaseError, RuntimeError, ValueError, ArithmeticError, LookupError, TypeError, OSError,
    MemoryError,
)  # fmt: skip
with suppress(ModuleNotFoundError):  # not required for pictures
    from shapely.errors import ShapelyError

    _LIBRARY_ERRORS = (*_LIBRARY_ERRORS, ShapelyError)


@contextmanager
def convert_errors(message: str, error_type: type[Exception] = ImageError) -> Iterator[None]:
    """Raise `error_type` instead of an error of a library. message: with the placeholder {cause}."""
    try:
        yield
    except _LIBRARY_ERRORS as error:
        cause = error.__cause__ or error
        text = str(cause).strip() or type(cause).__name__
        raise error_type(message.replace("{cause}", text)) from error
