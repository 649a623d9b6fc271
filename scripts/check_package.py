"""Checks of a packaged plugin: structure, size, and metadata, as required by the plugin site."""

from __future__ import annotations

import configparser
import re
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path

MAX_BYTES = 25 * 1024 * 1024
FOLDER = "rsgpt"
REQUIRED = (
    *("name", "description", "version", "qgisMinimumVersion", "author", "email"),
    *("about", "tracker", "repository", "homepage"),
)
FORBIDDEN = re.compile(r"\\|:|(^|/)\.\.(/|$)|^/|\.pyc$|(^|/)(__pycache__|__MACOSX|\.git)(/|$)")


def problems(package: Path) -> Iterator[str]:
    """Yield the problems for which the site would reject the package."""
    if package.stat().st_size > MAX_BYTES:
        yield f"{package.stat().st_size} bytes are more than {MAX_BYTES}"
    with zipfile.ZipFile(package) as archive:
        names = archive.namelist()
        yield from _bad_names(names)
        yield from (f"{name} is missing" for name in ("__init__.py", "LICENSE") if f"{FOLDER}/{name}" not in names)
        if f"{FOLDER}/metadata.txt" in names:
            yield from _bad_metadata(archive.read(f"{FOLDER}/metadata.txt").decode("utf-8"), names)
        else:
            yield "metadata.txt is missing"


def _bad_names(names: list[str]) -> Iterator[str]:
    for name in names:
        if FORBIDDEN.search(name) or not name.isascii():
            yield f"{name}: the site refuses this name"
        if not name.startswith(f"{FOLDER}/"):
            yield f"{name}: outside {FOLDER}/"


def _bad_metadata(text: str, names: list[str]) -> Iterator[str]:
    metadata = configparser.ConfigParser(interpolation=None)
    metadata.read_string(text)
    general = metadata["general"]
    yield from (f"metadata.txt: {key} is missing" for key in REQUIRED if not general.get(key, "").strip())
    icon = general.get("icon", "")
    if icon and f"{FOLDER}/{icon}" not in names:
        yield f"metadata.txt: the icon {icon} is not in the package"


if __name__ == "__main__":
    found = list(problems(Path(sys.argv[1])))
    print("\n".join(found) or "The package has the structure, size, and metadata that the site requires.")
    sys.exit(bool(found))
