"""Runs one check on a request's head and answers with its refusal. It never reads a body."""

from __future__ import annotations

from collections.abc import Callable

from starlette.types import ASGIApp, Receive, Scope, Send

from ..protocol.refusals import Refusal
from ..protocol.responses import refused

Check = Callable[[Scope], None]


class RequestGate:
    """Passes a request on if `check` does not raise a Refusal."""

    def __init__(self, app: ASGIApp, check: Check) -> None:
        self._app = app
        self._check = check

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            self._check(scope)
        except Refusal as refusal:
            await refused(refusal, scope)(scope, receive, send)
        else:
            await self._app(scope, receive, send)
