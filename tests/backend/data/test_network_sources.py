"""Sources that are read over a network are distinguished from files, in rasterio's and in GDAL's notation."""

from __future__ import annotations

import pytest

from rsgpt_backend.data.network_sources import is_remote


@pytest.mark.parametrize(
    "source",
    [
        "https://a/b.tif",
        "HTTP://a/b.tif",
        "ftp://a/b.tif",
        "s3://a/b.tif",
        "gs://a/b.tif",
        "zip+https://a/b.zip!c.tif",
        "https+zip://a/b.zip!c.tif",
        "/vsicurl/https://a/b.tif",
        "/vsicurl?url=https%3A%2F%2Fa%2Fb.tif",
        "/vsicurl_streaming/https://a/b.tif",
        "/vsis3/bucket/b.tif",
        "/vsis3_streaming/bucket/b.tif",
        "/vsiadls/bucket/b.tif",
        "/vsiwebhdfs/http://a/b.tif",
        "/vsizip//vsicurl/https://a/b.zip/c.tif",
        "/vsizip/vsicurl/https://a/b.zip/c.tif",
        "/vsizip/{/vsis3/bucket/b.zip}/c.tif",
        'NETCDF:"/vsicurl/https://a/b.nc":v',
    ],
)
def test_sources_on_a_network(source: str) -> None:
    assert is_remote(source)


@pytest.mark.parametrize(
    "source",
    [
        "",
        "a.tif",
        "/data/a.tif",
        r"C:\data\a.tif",
        "C:/data/a.tif",
        "file:///data/a.tif",
        "zip:///data/a.zip!b.tif",
        "/vsizip/data/a.zip/b.tif",
        "/vsimem/a.tif",
        "/data/vsicurl.tif",
        "/data/vsi/a.tif",
        "/data/s3:/a.tif",
        "/data/https/a.tif",
        "GPKG:/data/a.gpkg:table",
    ],
)
def test_files_of_this_machine(source: str) -> None:
    assert not is_remote(source)
