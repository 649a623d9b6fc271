"""Removal of credentials from addresses in every notation."""

from __future__ import annotations

import pytest

from rsgpt_plugin.shared.errors import RsgptError
from rsgpt_plugin.shared.files.addresses import without_secrets

CASES = {
    "aws": (
        "https://b.s3.amazonaws.com/a/x.tif?X-Amz-Algorithm=A&X-Amz-Credential=GEHEIM%2F2026&X-Amz-Date=1"
        "&X-Amz-Expires=900&X-Amz-SignedHeaders=host&X-Amz-Security-Token=GEHEIM&X-Amz-Signature=GEHEIM&versionId=7",
        "https://b.s3.amazonaws.com/a/x.tif?versionId=7",
    ),
    "aws version 2": (
        "https://b.s3.amazonaws.com/x.tif?AWSAccessKeyId=GEHEIM&Expires=1&Signature=GEHEIM%3D",
        "https://b.s3.amazonaws.com/x.tif",
    ),
    "cloudfront": (
        "https://d.cloudfront.net/x.tif?Policy=GEHEIM&Signature=GEHEIM&Key-Pair-Id=GEHEIM",
        "https://d.cloudfront.net/x.tif",
    ),
    "azure": (
        "https://a.blob.core.windows.net/c/x.tif?sv=2024-05-04&st=2026-01-01T00%3A00Z&se=2026-01-02&sr=c&sp=rl"
        "&spr=https&skoid=GEHEIM&sktid=GEHEIM&skt=1&ske=2&sks=b&skv=2024&sig=GEHEIM%2Bb%3D",
        "https://a.blob.core.windows.net/c/x.tif",
    ),
    "google": (
        "https://storage.googleapis.com/b/x.tif?X-Goog-Algorithm=A&X-Goog-Credential=GEHEIM&X-Goog-Signature=GEHEIM",
        "https://storage.googleapis.com/b/x.tif",
    ),
    "google version 2": (
        "https://storage.googleapis.com/b/x.tif?GoogleAccessId=GEHEIM@y.z&Expires=1&Signature=GEHEIM",
        "https://storage.googleapis.com/b/x.tif",
    ),
    "between others": ("https://h/x.tif?a=1&token=GEHEIM&b=2", "https://h/x.tif?a=1&b=2"),
    "first of several": ("https://h/x.tif?api_key=GEHEIM&access_token=GEHEIM&b=2#c", "https://h/x.tif?b=2#c"),
    "semicolons": ("https://h/x.tif?a=1;token=GEHEIM;b=2", "https://h/x.tif?a=1;b=2"),
    "user": ("https://user:GEHEIM@host.org:8443/x.tif", "https://host.org:8443/x.tif"),
    "user with an at sign": ("https://user:GEHEIM@1@host.org/x.tif", "https://host.org/x.tif"),
    "vsicurl": ("/vsicurl/https://u:GEHEIM@h/x.tif?sig=GEHEIM&se=1", "/vsicurl/https://h/x.tif"),
    "vsicurl, encoded": (
        "/vsicurl?max_retry=3&url=https%3A%2F%2Fu%3AGEHEIM%40h%2Fx.tif%3Fsig%3DGEHEIM%26se%3D1%26q%3D2"
        "&header.Authorization=Bearer%20GEHEIM",
        "/vsicurl?max_retry=3&url=https%3A%2F%2Fh%2Fx.tif%3Fq%3D2",
    ),
    "xyz": (
        "type=xyz&url=https://t.example/{z}/{x}/{y}.png?style=a%26api_key=GEHEIM&zmax=19",
        "type=xyz&url=https://t.example/{z}/{x}/{y}.png?style=a&zmax=19",
    ),
    "maptiler": (
        "type=xyz&url=https%3A%2F%2Fapi.maptiler.com%2F%7Bz%7D.png%3Fkey%3DGEHEIMGEHEIMGEHEIM&zmax=19",
        "type=xyz&url=https%3A%2F%2Fapi.maptiler.com%2F%7Bz%7D.png&zmax=19",
    ),
    "wms": (
        "contextualWMSLegend=0&url=https://h/wms&username=u&password=GEHEIM&authcfg=ab12345&layers=x",
        "contextualWMSLegend=0&url=https://h/wms&username=u&authcfg=ab12345&layers=x",
    ),
    "postgres in QGIS": (
        "dbname='gis' host=h user='me' password='GEHEIM \\' GEHEIM' authcfg=ab12345 key='id' table=\"a\".\"r\"",
        "dbname='gis' host=h user='me' authcfg=ab12345 key='id' table=\"a\".\"r\"",
    ),
    "postgres in GDAL": ("PG:host=h user=me password=GEHEIM dbname=x", "PG:host=h user=me dbname=x"),
    "credentials in QGIS": (
        "/vsis3/b/x.tif|credential:AWS_SECRET_ACCESS_KEY=GEHEIM|credential:AWS_REGION=a|layername=z",
        "/vsis3/b/x.tif|layername=z",
    ),
    "layer's name": ("x.tif?sv=2024&sig=GEHEIM", "x.tif"),
    "in a sentence": (
        "'/vsicurl/https://h/x.tif?sig=GEHEIM&se=2' does not exist; https://u:GEHEIM@h/ neither.",
        "'/vsicurl/https://h/x.tif' does not exist; https://h/ neither.",
    ),
}
HARMLESS = (
    "/data/a?sig=b.tif",
    "C:\\data\\x.tif",
    "https://h/x.tif?id=7&st=12&se=3#token=1",
    "https://h/get?key=path/to/a.tif",
    "https://h/rest@v2/x.tif?who=a@b.c",
    "dbname='gis' host=h user='me' authcfg=ab12345",
    "Write to me@x.org, see https://h/a?b=c.",
)


@pytest.mark.parametrize(("address", "left"), CASES.values(), ids=CASES)
def test_credentials_are_removed(address: str, left: str) -> None:
    assert "GEHEIM" in address
    assert without_secrets(address) == left
    assert without_secrets(left) == left


@pytest.mark.parametrize("text", HARMLESS)
def test_harmless_text_stays(text: str) -> None:
    assert without_secrets(text) == text


def test_an_address_signed_again_stays_equal() -> None:
    first = "https://a.blob.core.windows.net/c/x.tif?sv=2024&se=2026-01-01&sig=abc&snapshot=1"
    again = "https://a.blob.core.windows.net/c/x.tif?se=2027-01-01&sv=2025&snapshot=1&sig=xyz"
    assert without_secrets(first) == without_secrets(again)


def test_error_messages_contain_no_credentials() -> None:
    error = RsgptError("https://h/x.tif?sig=GEHEIM cannot be opened as a raster. Check its path.")
    assert str(error) == "https://h/x.tif cannot be opened as a raster. Check its path."
