"""Keeps at most one of this QGIS's own models in memory. Knows neither servers nor engines.

Whoever asks a model leases it. Several may lease the same model; it stays until another model is wanted. A model that
is in use is never taken away: who wants another one waits a moment, and is then refused with a sentence.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Optional, Protocol, TypeVar

from ..errors import Cancelled, ServerError
from ..shared.i18n import translate

PATIENCE_S = 5.0
_POLL_S = 0.1


class ModelRequest(Protocol):
    """What a model is started with; equal ones can share it."""

    @property
    def model(self) -> str:
        """Its name or folder."""
        ...

    @property
    def revision(self) -> str:
        """A hash of the model's own file: a changed model is another model."""
        ...


class RunningModel(Protocol):
    """A model that runs, or will run when it is first asked."""

    @property
    def is_usable(self) -> bool:
        """Whether it can answer; what cannot is replaced."""
        ...

    def stop(self) -> None:
        """End it and give its memory back. May be called again, and takes seconds."""
        ...


R = TypeVar("R", bound=RunningModel)


@dataclass(eq=False)
class _Tenant:
    wanted: ModelRequest
    running: RunningModel
    users: int = 0

    def suits(self, wanted: ModelRequest) -> bool:
        """Whether who wants that can use it. While it is in use, other settings of the same model have to wait."""
        mine, same_kind = self.wanted, type(wanted) is type(self.wanted)
        same_model = same_kind and (wanted.model, wanted.revision) == (mine.model, mine.revision)
        return self.running.is_usable and (wanted == self.wanted or (self.users > 0 and same_model))


class ModelSlot:
    """The place for one model. Every method may be called from any thread."""

    def __init__(self) -> None:
        self._tenant: Optional[_Tenant] = None
        self._changed = threading.Condition()

    def admit(self, wanted: ModelRequest, is_cancelled: Callable[[], bool] = lambda: False) -> None:
        """Make room for `wanted`. ServerError where another model is in use for longer than a moment; Cancelled."""
        deadline = time.monotonic() + PATIENCE_S
        with self._changed:
            while True:
                tenant = self._tenant
                if tenant is None or tenant.suits(wanted):
                    return
                if not tenant.users or not tenant.running.is_usable:
                    self._tenant = None
                    tenant.running.stop()
                    return
                if is_cancelled():
                    raise Cancelled(translate("Rsgpt", "Stopped. What is answered so far is kept."))
                if time.monotonic() > deadline:
                    raise _in_use(tenant.wanted.model)
                self._changed.wait(_POLL_S)

    @contextmanager
    def lease(self, wanted: ModelRequest, start: Callable[[], R], is_cancelled: Callable[[], bool]) -> Iterator[R]:
        """Use a model. start: makes it where it does not run; what it raises is passed on. See `admit`."""
        with self._changed:
            self.admit(wanted, is_cancelled)
            if self._tenant is None:
                self._tenant = _Tenant(wanted, start())
            tenant = self._tenant
            tenant.users += 1
        try:
            yield tenant.running  # type: ignore[misc]  # only `start` of the same kind of `wanted` makes one
        finally:
            with self._changed:
                tenant.users -= 1
                if tenant.users == 0 and tenant is not self._tenant:
                    tenant.running.stop()  # it was told to end, but its user may have started it again
                self._changed.notify_all()

    def end_idle(self) -> None:
        """End the model unless it is in use."""
        with self._changed:
            if self._tenant is not None and not self._tenant.users:
                self.end()

    def end(self) -> None:
        """End the model, whoever uses it."""
        with self._changed:
            tenant, self._tenant = self._tenant, None
            if tenant is not None:
                tenant.running.stop()


def _in_use(model: str) -> ServerError:
    sentence = translate(
        "Rsgpt",
        "The model “{model}” is busy with another run or question, and only one model can be in memory at a time. "
        "Wait until that is done, or pause it under Raster ▸ RSGPT ▸ Runs…, then try again.",
    )
    return ServerError(sentence.format(model=Path(model).name))


# Of all doors together: a server and a model inside QGIS need the same memory.
slot = ModelSlot()
