"""Data URIs of pictures: supported ones become 8-bit RGB, all others are refused."""

from __future__ import annotations

import io
import resource
import struct
import sys
import time
import zlib
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import numpy as np
import pytest
from PIL import Image

from rsgpt_backend.batch.tile_pictures import TilePicture
from rsgpt_backend.data.image_files import decode
from rsgpt_backend.server.limits import MAX_PIXELS
from rsgpt_backend.server.protocol.data_uri_images import read_picture
from rsgpt_backend.server.protocol.refusals import Refusal
from tests.backend.server.harness import COMPLETIONS, RunningServer, data_uri, encode, png, with_url

RED, WHITE, BLACK = (200, 10, 20), (255, 255, 255), (0, 0, 0)


def saved(image: Image.Image, form: str = "PNG", **options: Any) -> bytes:
    """Return an encoded picture."""
    buffer = io.BytesIO()
    image.save(buffer, form, **options)
    return buffer.getvalue()


def filled(mode: str, color: Any, size: tuple[int, int] = (8, 8)) -> Image.Image:
    """Return a picture of one color."""
    return Image.new(mode, size, color)


def chunk(kind: bytes, data: bytes) -> bytes:
    """Return a PNG chunk with a valid checksum."""
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def claimed(width: int, height: int) -> bytes:
    """Return a small PNG whose header claims a size."""
    head = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + head + chunk(b"IDAT", zlib.compress(bytes(100))) + chunk(b"IEND", b"")


def palette_with_alpha() -> bytes:
    """Return a palette picture whose only color is transparent."""
    return saved(filled("P", 0), transparency=0)


def sixteen_bit() -> bytes:
    """Return a 16-bit gray picture with columns of 300, 1300 and 2300, as satellites deliver them."""
    return saved(Image.frombytes("I;16", (3, 8), struct.pack("<3H", 300, 1300, 2300) * 8))


def animated() -> bytes:
    """Return an animated PNG whose first frame is red."""
    return saved(filled("RGB", RED), save_all=True, append_images=[filled("RGB", WHITE)])


def moving(form: str, **options: Any) -> bytes:
    """Return an animation whose first frame is red."""
    return saved(filled("RGB", RED), form, save_all=True, append_images=[filled("RGB", WHITE)], **options)


def rotated() -> bytes:
    """Return a JPEG of 16 by 8 pixels whose EXIF orientation is a quarter turn."""
    exif = Image.Exif()
    exif[0x0112] = 6
    return saved(filled("RGB", RED, (16, 8)), "JPEG", exif=exif)


GOOD: dict[str, tuple[Callable[[], bytes], str, tuple[int, int, int] | None]] = {
    "RGB": (lambda: saved(filled("RGB", RED)), "png", RED),
    "1 by 1": (lambda: saved(filled("RGB", RED, (1, 1))), "png", RED),
    "1 by 65000": (lambda: saved(filled("RGB", RED, (1, 65_000))), "png", RED),
    "65000 by 1 JPEG": (lambda: saved(filled("L", 9, (65_000, 1)), "JPEG"), "jpeg", (9, 9, 9)),
    "grey": (lambda: saved(filled("L", 99)), "png", (99, 99, 99)),
    "bilevel": (lambda: saved(filled("1", 1)), "png", WHITE),
    "16 bit": (sixteen_bit, "png", (0, 0, 0)),
    "palette": (lambda: saved(filled("RGB", RED).quantize(4)), "png", RED),
    "palette with alpha": (palette_with_alpha, "png", BLACK),
    "transparent": (lambda: saved(filled("RGBA", (*RED, 0))), "png", BLACK),
    "half transparent": (lambda: saved(filled("RGBA", (*RED, 128))), "png", RED),
    "grey with alpha": (lambda: saved(filled("LA", (10, 0))), "png", BLACK),
    "transparent color": (lambda: saved(filled("RGB", RED), transparency=RED), "png", BLACK),
    "animated": (animated, "png", RED),
    "WebP": (lambda: saved(filled("RGB", RED), "WEBP", lossless=True), "webp", RED),
    "animated WebP": (lambda: moving("WEBP", lossless=True), "webp", RED),
    "GIF": (lambda: saved(filled("RGB", RED).quantize(4), "GIF"), "gif", RED),
    "animated GIF": (lambda: moving("GIF"), "gif", RED),
    "JPEG": (lambda: saved(filled("RGB", (90, 90, 90)), "JPEG"), "jpeg", (90, 90, 90)),
    "JPEG named jpg": (lambda: saved(filled("L", 90), "JPEG"), "jpg", (90, 90, 90)),
    "progressive JPEG": (lambda: saved(filled("L", 90), "JPEG", progressive=True), "jpeg", (90, 90, 90)),
    "CMYK JPEG": (lambda: saved(filled("CMYK", (0, 0, 0, 255)), "JPEG"), "jpeg", (0, 0, 0)),
    "EXIF on its side": (rotated, "jpeg", None),
    "polyglot": (lambda: saved(filled("RGB", RED)) + b"PK\x03\x04 and a page <script>", "png", RED),
}


@pytest.mark.parametrize("name", GOOD)
def test_a_picture_becomes_rgb(name: str) -> None:
    make, kind, color = GOOD[name]
    pixels = read_picture(data_uri(make(), kind)).pixels
    assert pixels.mode == "RGB"
    assert color is None or pixels.getpixel((0, 0)) == color


def test_16_bits_are_stretched_as_on_the_command_line() -> None:
    pixels = read_picture(data_uri(sixteen_bit())).pixels
    assert pixels.tobytes() == decode(sixteen_bit(), "a").tobytes()
    assert pixels.getpixel((2, 0)) == WHITE


def test_the_exif_orientation_is_applied() -> None:
    assert read_picture(data_uri(rotated(), "jpeg")).pixels.size == (8, 16)


def test_the_key_is_the_hash_of_the_pixels_as_for_tiles() -> None:
    noise = Image.effect_noise((40, 30), 80).convert("RGB")
    loose, tight = (saved(noise, compress_level=level) for level in (0, 9))
    assert loose != tight
    key = read_picture(data_uri(loose)).key
    assert key == read_picture(data_uri(tight)).key == TilePicture(np.asarray(noise), 1.0, False).sha256
    assert key != read_picture(data_uri(png(2))).key


LOOSE: dict[str, Callable[[str], str]] = {
    "line breaks": lambda uri: "\r\n".join(uri[start : start + 76] for start in range(0, len(uri), 76)),
    "a parameter": lambda uri: uri.replace(";base64", ";charset=utf-8;base64"),
    "no padding": lambda uri: uri.rstrip("="),
    "the URL-safe alphabet": lambda uri: uri[:22] + uri[22:].replace("+", "-").replace("/", "_"),
    "upper case": lambda uri: uri[:22].upper() + uri[22:],
}


@pytest.mark.parametrize("name", LOOSE)
def test_variants_of_data_uris_are_read(name: str) -> None:
    data = saved(Image.effect_noise((40, 30), 80))
    uri = data_uri(data)
    assert {"+", "/", "="} <= set(uri[22:])
    head, text = uri[:22], uri[22:]
    loose = head + LOOSE[name](text) if name == "line breaks" else LOOSE[name](uri)
    assert loose != uri
    assert read_picture(loose).key == read_picture(uri).key


def _cut(percent: int) -> str:
    """Return a truncated picture of noise."""
    data = saved(Image.effect_noise((64, 64), 80))
    return data_uri(data[: len(data) * percent // 100])


def wrong_checksum() -> bytes:
    """Return a picture with a wrong checksum."""
    data = bytearray(saved(Image.effect_noise((64, 64), 80)))
    data[data.index(b"IDAT") + 200] ^= 0xFF
    return bytes(data)


BAD: dict[str, tuple[Callable[[], str], int]] = {
    "0 by 0": (lambda: data_uri(claimed(0, 0)), 400),
    "header bomb": (lambda: data_uri(claimed(30_000, 30_000)), 413),
    "bomb below Pillow's own limit": (lambda: data_uri(claimed(8_000, 8_000)), 413),
    "less data than claimed": (lambda: data_uri(claimed(1_000, 1_000)), 400),
    "wrong checksum": (lambda: data_uri(wrong_checksum()), 400),
    "PNG that says JPEG": (lambda: data_uri(png(), "jpeg"), 400),
    "JPEG that says PNG": (lambda: data_uri(saved(filled("L", 1), "JPEG")), 400),
    "WebP that says PNG": (lambda: data_uri(saved(filled("RGB", RED), "WEBP")), 400),
    "GIF that says PNG": (lambda: data_uri(saved(filled("L", 1), "GIF")), 400),
    "TIFF that says PNG": (lambda: data_uri(saved(filled("RGB", RED), "TIFF")), 400),
    "BMP that says PNG": (lambda: data_uri(saved(filled("RGB", RED), "BMP")), 400),
    "SVG": (lambda: data_uri(b"<svg xmlns='http://www.w3.org/2000/svg'/>", "svg+xml"), 400),
    "FITS": (lambda: data_uri(b"SIMPLE  =                    T".ljust(2880), "fits"), 400),
    "text": (lambda: data_uri(b"hello"), 400),
    "nothing": (lambda: data_uri(b""), 400),
    "one letter too many": (lambda: data_uri(b"abc") + "A", 400),
    "padding in the middle": (lambda: data_uri(png()).replace("A", "A=", 1), 400),
    "not ASCII": (lambda: "data:image/png;base64,\u00e9\u00e9", 400),
    "lone surrogate": (lambda: "data:image/png;base64,\ud800", 400),
    "not base64": (lambda: "data:image/png,hello", 400),
    "a parameter without a value": (lambda: data_uri(png()).replace(";base64", ";charset;base64"), 400),
    "base64 twice": (lambda: data_uri(png()).replace(";base64", ";base64;base64"), 400),
    "no comma": (lambda: "data:image/png;base64", 400),
    "empty": (lambda: "", 400),
    "URL": (lambda: "http://127.0.0.1:9/picture.png", 400),
    "secure URL": (lambda: "https://example.org/picture.png", 400),
    "file URL": (lambda: "file:///etc/hostname", 400),
    "path": (lambda: "/etc/hostname", 400),
    "UNC path": (lambda: "\\\\server\\share\\picture.png", 400),
    "FTP": (lambda: "ftp://127.0.0.1/picture.png", 400),
    **{f"cut at {cut} %": (partial(_cut, cut), 400) for cut in range(0, 100, 10)},
}


@pytest.mark.parametrize("name", BAD)
def test_a_bad_picture_is_refused(name: str) -> None:
    make, status = BAD[name]
    with pytest.raises(Refusal) as caught:
        read_picture(make())
    assert caught.value.status == status


def test_random_damage_raises_only_refusals() -> None:
    intact = saved(Image.effect_noise((32, 32), 80)), saved(filled("RGB", RED, (32, 32)), "JPEG")
    outcomes = set()
    for offset in range(0, 4_000, 7):
        for data, kind in zip(intact, ("png", "jpeg"), strict=True):
            damaged = bytearray(data)
            damaged[offset % len(data)] ^= 1 + offset % 255
            try:
                outcomes.add(read_picture(data_uri(bytes(damaged), kind)).pixels.mode)
            except Refusal as refusal:
                outcomes.add(str(refusal.status))
    assert {"RGB", "400"} <= outcomes <= {"RGB", "400", "413"}


def test_a_picture_above_the_pixel_limit_is_refused() -> None:
    width = 4_000
    height = MAX_PIXELS // width
    at = saved(filled("L", 1, (width, height)), compress_level=1)
    assert read_picture(data_uri(at)).pixels.size == (width, height)
    above = saved(filled("L", 1, (width, height + 1)), compress_level=1)
    with pytest.raises(Refusal) as caught:
        read_picture(data_uri(above))
    assert caught.value.status == 413


@pytest.fixture
def opened() -> Iterator[list[str]]:
    """Record the files and connections that are opened during a test."""
    read_picture(data_uri(png()))
    events: list[str] = []
    is_active = [True]

    def hook(event: str, arguments: tuple[Any, ...]) -> None:
        if is_active[0] and event in {"open", "socket.connect", "socket.getaddrinfo"}:
            events.append(f"{event} {arguments}")

    sys.addaudithook(hook)
    yield events
    is_active[0] = False


@pytest.mark.parametrize("name", [name for name, (make, _) in BAD.items() if not make().startswith("data:")])
def test_no_file_or_address_is_opened(opened: list[str], name: str) -> None:
    with pytest.raises(Refusal):
        read_picture(BAD[name][0]())
    assert opened == []


def test_the_largest_picture_is_decoded_within_memory_and_time_limits() -> None:
    uri = data_uri(saved(filled("RGBA", (1, 2, 3, 4), (4_000, 4_000)), compress_level=1))
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    start = time.perf_counter()
    read_picture(uri)
    assert time.perf_counter() - start < 2
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 200_000


@pytest.mark.parametrize("name", ["header bomb", "URL", "file URL", "cut at 50 %", "lone surrogate", "empty"])
def test_the_server_refuses_a_bad_picture_and_keeps_running(served: RunningServer, name: str) -> None:
    make, status = BAD[name]
    reply = served.call("POST", COMPLETIONS, encode(with_url(make())))
    assert (reply.status, reply.error["type"]) == (status, "invalid_request_error")
    assert served.ask(number=5).text == "picture 5"
