"""Reading ahead: an iterator that runs in a thread of its own, a bounded number of items before it is asked."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable, Generator, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from typing import TypeVar

Item = TypeVar("Item")

_PATIENCE = 0.1  # seconds after which a full queue is tried again, to see whether anybody still wants it


@dataclass(frozen=True)
class _End:
    """What the thread puts last. error: what ended it, or None."""

    error: BaseException | None = None


@contextmanager
def ahead(make: Callable[[], Generator[Item]], most: int) -> Iterator[Iterator[Item]]:
    """What `make` generates, in order; at most `most` items wait. What it raises is raised at its place.

    It is made, used up and closed in the thread, which has ended when the block is left.
    """
    items: queue.Queue[Item | _End] = queue.Queue(most)
    left = threading.Event()
    thread = threading.Thread(target=_fill, args=(make, items, left), name="reading ahead", daemon=True)
    thread.start()
    try:
        yield _taken(items)
    finally:
        left.set()
        thread.join()


def _fill(make: Callable[[], Generator[Item]], items: queue.Queue[Item | _End], left: threading.Event) -> None:
    end = _End()
    try:
        with closing(make()) as made:
            for item in made:
                if not _put(items, item, left):
                    return
    except BaseException as error:  # of any kind: it belongs to whoever waits for the next item
        end = _End(error)
    _put(items, end, left)


def _put(items: queue.Queue[Item | _End], item: Item | _End, left: threading.Event) -> bool:
    """Wait for room; False where nobody takes any more."""
    while not left.is_set():
        try:
            items.put(item, timeout=_PATIENCE)
            return True
        except queue.Full:
            continue
    return False


def _taken(items: queue.Queue[Item | _End]) -> Iterator[Item]:
    while not isinstance(item := items.get(), _End):
        yield item
    if item.error is not None:
        raise item.error
