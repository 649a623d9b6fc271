"""An iterator that runs in its own thread, a bounded number of items ahead."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable, Generator, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from typing import TypeVar

Item = TypeVar("Item")

_RETRY_S = 0.1  # between attempts to fill a full queue, to notice that the consumer has stopped


@dataclass(frozen=True)
class _End:
    """The last item of the thread. error: the exception that ended it, or None."""

    error: BaseException | None = None


@contextmanager
def read_ahead(make: Callable[[], Generator[Item]], max_items: int) -> Iterator[Iterator[Item]]:
    """Iterate over the items of a generator in order, with at most `max_items` waiting. Its errors are raised in turn.

    The generator is created, run and closed in the thread, which has ended when the context is left.
    """
    items: queue.Queue[Item | _End] = queue.Queue(max_items)
    stopped = threading.Event()
    thread = threading.Thread(target=_fill, args=(make, items, stopped), name="reading ahead", daemon=True)
    thread.start()
    try:
        yield _items(items)
    finally:
        stopped.set()
        thread.join()


def _fill(make: Callable[[], Generator[Item]], items: queue.Queue[Item | _End], stopped: threading.Event) -> None:
    end = _End()
    try:
        with closing(make()) as generated:
            for item in generated:
                if not _put(items, item, stopped):
                    return
    except BaseException as error:  # of any kind: it is raised in the consumer's thread
        end = _End(error)
    _put(items, end, stopped)


def _put(items: queue.Queue[Item | _End], item: Item | _End, stopped: threading.Event) -> bool:
    """Wait until the queue has space. Return False if the consumer has stopped."""
    while not stopped.is_set():
        try:
            items.put(item, timeout=_RETRY_S)
            return True
        except queue.Full:
            continue
    return False


def _items(items: queue.Queue[Item | _End]) -> Iterator[Item]:
    while not isinstance(item := items.get(), _End):
        yield item
    if item.error is not None:
        raise item.error
