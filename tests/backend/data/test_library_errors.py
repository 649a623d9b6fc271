"""Errors of libraries become one error of this project with their cause; errors of this project and others pass."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
import rasterio
import shapely
from pyproj import CRS
from pyproj.exceptions import CRSError
from rasterio.errors import RasterioIOError

from rsgpt_backend.data.library_errors import convert_errors
from rsgpt_backend.errors import DataError, ImageError, ModelError
from tests.layout.source import ROOT

MESSAGE = "a.tif cannot be read ({cause}). Check its path."


@pytest.mark.parametrize(
    "error",
    [
        ValueError("strange"),
        TypeError("strange"),
        RuntimeError("strange"),
        OSError("strange"),
        MemoryError("strange"),
        ZeroDivisionError("strange"),
        IndexError("strange"),
        UnicodeDecodeError("utf-8", b"\xff", 0, 1, "strange"),
        RasterioIOError("strange"),
        CRSError("strange"),
        shapely.errors.GEOSException("strange"),
    ],
    ids=lambda error: type(error).__name__,
)
def test_an_error_of_a_library_is_converted_with_its_cause(error: Exception) -> None:
    sentence = r"^a\.tif cannot be read \(.*strange\)\. Check its path\.$"
    with pytest.raises(ImageError, match=sentence) as caught, convert_errors(MESSAGE):
        raise error
    assert caught.value.__cause__ is error


def test_the_cause_of_an_error_is_told_in_place_of_the_error() -> None:
    with pytest.raises(ImageError, match=r"\(the disk is gone\)"), convert_errors(MESSAGE):
        raise RasterioIOError("Read failed. See previous exception for details.") from OSError("the disk is gone")


@pytest.mark.parametrize("error", [MemoryError(), ValueError("  \n")])
def test_an_error_without_a_text_is_told_by_its_type(error: Exception) -> None:
    with pytest.raises(ImageError, match=rf"\({type(error).__name__}\)"), convert_errors(MESSAGE):
        raise error


def test_braces_in_message_and_cause_are_kept() -> None:
    with (
        pytest.raises(ImageError, match=r"^\{0\} fails \(\{cause\} \{1\}\)\.$"),
        convert_errors("{0} fails ({cause})."),
    ):
        raise ValueError("{cause} {1}")


def test_another_type_of_error_can_be_chosen() -> None:
    with pytest.raises(DataError, match="strange"), convert_errors(MESSAGE, DataError):
        raise ValueError("strange")


@pytest.mark.parametrize("error", [ModelError("ours"), AssertionError("a bug"), KeyboardInterrupt()])
def test_other_errors_pass_unchanged(error: BaseException) -> None:
    with pytest.raises(type(error)) as caught, convert_errors(MESSAGE):
        raise error
    assert caught.value is error


def test_nothing_happens_without_an_error() -> None:
    with convert_errors(MESSAGE):
        done = True
    assert done


def test_real_errors_of_the_libraries_are_converted(tmp_path: Path) -> None:
    (tmp_path / "a.tif").write_text("no raster")
    with pytest.raises(ImageError, match="not recognized"), convert_errors(MESSAGE):
        rasterio.open(tmp_path / "a.tif")
    with pytest.raises(ImageError, match="Invalid projection"), convert_errors(MESSAGE):
        CRS("nonsense")
    with pytest.raises(ImageError, match="ParseException"), convert_errors(MESSAGE):
        shapely.from_wkt("POLYGON ((")


def test_pictures_do_not_require_shapely() -> None:
    code = "import sys; sys.modules['shapely'] = None; sys.path[:0] = ['backend']\n"
    code += "import rsgpt_backend.data.library_errors"
    assert subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=False).returncode == 0
