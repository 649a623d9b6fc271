"""Where a raster's source lies: on a network, or in which local file. Opens nothing."""

from __future__ import annotations

import re
from pathlib import Path

_NETWORK = {"http", "https", "ftp", "s3", "gs", "az", "adl", "abfs", "oss", "swift", "hdfs", "webhdfs"}
_NETWORK_VSI = {"curl", "s3", "gs", "az", "adls", "oss", "swift", "hdfs", "webhdfs"}
_VSI = re.compile(r"/vsi(\w+?)(?:_streaming)?[/?]")
_SCHEMES = re.compile(r"^([a-z0-9+]+)://", re.IGNORECASE)
_LEADING_VSI = re.compile(r"^/vsi\w+/(?:\{|[\d_,:=a-z]+,(?=/))?")


def is_remote(source: str) -> bool:
    """Whether a raster is read over a network, and has no date that could be looked at."""
    schemes = _SCHEMES.match(source)
    if schemes and _NETWORK & set(schemes[1].lower().split("+")):
        return True
    return bool(_NETWORK_VSI & set(_VSI.findall(source)))


def local_file(source: str) -> Path | None:
    """The file on this machine that a source lies in: itself, or the archive around it. None where there is none."""
    path = source
    while _LEADING_VSI.match(path):
        path = _LEADING_VSI.sub("", path, count=1)
    parts = Path(path.replace("}", ""))
    return next((one for one in (parts, *parts.parents) if one.is_file()), None)
