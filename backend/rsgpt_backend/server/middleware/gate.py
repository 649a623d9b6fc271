"""ASGI middleware that runs one check on the head of each request."""

from __future__ import annotations

from collections.abc import Callable

from starlette.types import ASGIApp, Receive, Scope, Send

from ..protocol.refusals import Refusal
from ..protocol.responses import refusal_response

Check = Callable[[Scope], None]


class RequestGate:
    """Passes a request on, unless `check` raises a Refusal, which becomes the reply."""

    def __init__(self, app: ASGIApp, check: Check) -> None:
        self._app = app
        self._check = check

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            self._check(scope)
        except Refusal as refusal:
            await refusal_response(refusal, scope)(scope, receive, send)
        else:
            await self._app(scope, receive, send)
