"""The slot that holds at most one local model in memory.

Callers lease a model. Several callers can share it; it stays loaded until another model is requested. A model in use is
never replaced: a request for another model waits a few seconds and then fails.
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
    """Settings to start a model with. Equal requests share one model."""

    @property
    def model(self) -> str:
        """Name or folder of the model."""
        ...

    @property
    def revision(self) -> str:
        """Hash of the model's model.json: a changed file counts as another model."""
        ...


class RunningModel(Protocol):
    """A model that is loaded, or that loads with its first prompt."""

    @property
    def is_usable(self) -> bool:
        """Whether it can answer. An unusable model is replaced."""
        ...

    def stop(self) -> None:
        """Unload the model and free its memory. Takes seconds; may be called again."""
        ...


R = TypeVar("R", bound=RunningModel)


@dataclass(eq=False)
class _Tenant:
    request: ModelRequest
    running: RunningModel
    users: int = 0

    def can_serve(self, request: ModelRequest) -> bool:
        """Return whether this model can serve the request. While it is in use, its settings cannot change."""
        own, same_kind = self.request, type(request) is type(self.request)
        same_model = same_kind and (request.model, request.revision) == (own.model, own.revision)
        return self.running.is_usable and (request == own or (self.users > 0 and same_model))


class ModelSlot:
    """Holds one model. All methods are thread-safe."""

    def __init__(self) -> None:
        self._tenant: Optional[_Tenant] = None
        self._changed = threading.Condition()

    @property
    def is_filled(self) -> bool:
        """Whether a model is loaded or loads. It does not wait for a lease, so the answer may be outdated."""
        tenant = self._tenant
        return tenant is not None and tenant.running.is_usable

    def admit(self, request: ModelRequest, is_cancelled: Callable[[], bool] = lambda: False) -> None:
        """Unload a model that cannot serve `request`. Raises ServerError if it stays in use, Cancelled on cancel."""
        deadline = time.monotonic() + PATIENCE_S
        with self._changed:
            while True:
                tenant = self._tenant
                if tenant is None or tenant.can_serve(request):
                    return
                if not tenant.users or not tenant.running.is_usable:
                    self._tenant = None
                    tenant.running.stop()
                    return
                if is_cancelled():
                    raise Cancelled(translate("Rsgpt", "Stopped. Answers so far are kept."))
                if time.monotonic() > deadline:
                    raise _in_use(tenant.request.model)
                self._changed.wait(_POLL_S)

    @contextmanager
    def lease(self, request: ModelRequest, start: Callable[[], R], is_cancelled: Callable[[], bool]) -> Iterator[R]:
        """Lease a model. start: creates it if it is not running. Raises the errors of `start` and `admit`."""
        with self._changed:
            self.admit(request, is_cancelled)
            if self._tenant is None:
                self._tenant = _Tenant(request, start())
            tenant = self._tenant
            tenant.users += 1
        try:
            yield tenant.running  # type: ignore[misc]  # a request of this kind is only served by its own `start`
        finally:
            with self._changed:
                tenant.users -= 1
                if tenant.users == 0 and tenant is not self._tenant:
                    tenant.running.stop()  # stopped during the lease, but its user may have restarted it
                self._changed.notify_all()

    def end_idle(self) -> None:
        """Unload the model unless it is in use."""
        with self._changed:
            if self._tenant is not None and not self._tenant.users:
                self.end()

    def end(self) -> None:
        """Unload the model even if it is in use."""
        with self._changed:
            tenant, self._tenant = self._tenant, None
            if tenant is not None:
                tenant.running.stop()


def _in_use(model: str) -> ServerError:
    message = translate(
        "Rsgpt",
        "The model “{model}” is busy with another run or question, and only one model can be in memory at a time. "
        "Wait until it has finished, or pause the run under Raster ▸ RSGPT ▸ Runs…, then try again.",
    )
    return ServerError(message.format(model=Path(model).name))


# Shared by all backends: a local server and a model inside QGIS need the same memory.
slot = ModelSlot()
