"""Detection of raster sources on a network."""

from __future__ import annotations

import re

_NETWORK = {"http", "https", "ftp", "s3", "gs", "az", "adl", "abfs", "oss", "swift", "hdfs", "webhdfs"}
_NETWORK_VSI = {"curl", "s3", "gs", "az", "adls", "oss", "swift", "hdfs", "webhdfs"}
_VSI = re.compile(r"/vsi(\w+?)(?:_streaming)?(?=[/?])")
_SCHEMES = re.compile(r"^([a-z0-9+]+)://", re.IGNORECASE)


def is_remote(source: str) -> bool:
    """Return whether a raster is read over a network, so that its date is unknown."""
    schemes = _SCHEMES.match(source)
    if schemes and _NETWORK & set(schemes[1].lower().split("+")):
        return True
    return bool(_NETWORK_VSI & set(_VSI.findall(source)))
