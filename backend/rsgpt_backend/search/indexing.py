"""Fills the index: reads the pictures that it lacks and asks the model about them, once."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

from rsgpt_plugin.shared.files.search_index import BATCH, KnownSource, Row, picture_key

from ..errors import ImageError, RsgptError
from ..predictor import KeyedPicture
from .picture_index import PictureIndex


@dataclass(frozen=True)
class PictureSource:
    """A picture to search. place, version: see KnownSource. name: in results.

    A picture whose version is "" is read each time. read: returns the picture, None if it has no valid pixel; raises
    ImageError if it cannot be read.
    """

    name: str
    place: str
    version: str
    read: Callable[[], KeyedPicture | None]


# Returns the row or the error of each picture.
Describe = Callable[[Sequence[KeyedPicture]], Iterable[Row | RsgptError]]


def index_pictures(
    index: PictureIndex, sources: Sequence[PictureSource], describe: Describe
) -> Iterator[tuple[PictureSource, str | RsgptError]]:
    """Yield each source with the key of its picture, "" without valid pixels, or with its error. Known ones come first.

    Pictures are stored before they are yielded.
    """
    known = index.pictures({source.place: source.version for source in sources if source.version})
    yield from ((source, known[source.place]) for source in sources if source.place in known)
    missing = [source for source in sources if source.place not in known]
    for start in range(0, len(missing), BATCH):
        yield from _indexed(index, missing[start : start + BATCH], describe)


def _indexed(
    index: PictureIndex, sources: Sequence[PictureSource], describe: Describe
) -> list[tuple[PictureSource, str | RsgptError]]:
    pictures = {source: _read(source) for source in sources}
    read = {_key(picture): picture for picture in pictures.values() if isinstance(picture, KeyedPicture)}
    known = index.known(list(read))
    new = [key for key in read if key not in known]
    described = dict(zip(new, describe([read[key] for key in new]), strict=True)) if new else {}
    failed = {key: row for key, row in described.items() if isinstance(row, RsgptError)}
    results = [(source, _result(picture, failed)) for source, picture in pictures.items()]
    rows = {key: row for key, row in described.items() if not isinstance(row, RsgptError)}
    places = [
        KnownSource(source.place, source.version, picture) for source, picture in results if isinstance(picture, str)
    ]
    index.add(rows, places)
    return results


def _read(source: PictureSource) -> KeyedPicture | ImageError | None:
    try:
        return source.read()
    except ImageError as error:
        return error


def _result(picture: KeyedPicture | ImageError | None, failed: dict[str, RsgptError]) -> str | RsgptError:
    if isinstance(picture, ImageError):
        return picture
    key = _key(picture) if picture else ""
    return failed.get(key, key)


def _key(picture: KeyedPicture) -> str:
    return picture_key(picture.image_key, picture.gsd_m)
