"""Puts routes, checks and error replies together. It opens no socket and loads no model."""

from __future__ import annotations

import asyncio
import time
from concurrent.futures import ThreadPoolExecutor

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import Route

from .batcher import Batcher
from .chat import ChatEndpoint
from .middleware.body import BodyLimit, declared_length
from .middleware.content import json_only
from .middleware.framing import unambiguous
from .middleware.gate import RequestGate
from .middleware.host import exact_host
from .middleware.key import key_required
from .middleware.origin import no_browser
from .protocol.refusals import Refusal
from .protocol.replies import health, model_list
from .protocol.requests import check_model
from .protocol.responses import AsciiJSON, refused

DECODERS = 2
_WAIT_S = 0.05


def build_app(batcher: Batcher, port: int, key: str) -> Starlette:
    """The application for one launch: every route asks for `key` and for the exact host and port."""
    checks = (unambiguous, exact_host(port), no_browser, key_required(key), json_only, declared_length)
    app = Starlette(
        routes=_routes(batcher),
        middleware=[*(Middleware(RequestGate, check=check) for check in checks), Middleware(BodyLimit)],
        exception_handlers={
            Refusal: _refuse,
            HTTPException: _refuse_route,
            ClientDisconnect: _nobody,
            Exception: _apologise,
        },
    )
    app.router.redirect_slashes = False
    return app


def _routes(batcher: Batcher) -> list[Route]:
    created = int(time.time())

    async def say_health(request: Request) -> Response:
        return AsciiJSON(health(batcher.name, batcher.engine))

    async def list_models(request: Request) -> Response:
        name = request.path_params.get("name")
        if name is not None:
            check_model(name, batcher.name)
        while batcher.engine is None:
            batcher.check_room()
            await asyncio.sleep(_WAIT_S)
        listed = model_list(batcher.name, batcher.engine, created)
        return AsciiJSON(listed if name is None else listed["data"][0])

    # Few decoders, so that many large pictures at once cannot fill the memory.
    chat = ChatEndpoint(batcher, ThreadPoolExecutor(DECODERS, "decode"))
    return [
        Route("/health", say_health, methods=["GET"]),
        Route("/v1/models", list_models, methods=["GET"]),
        Route("/v1/models/{name}", list_models, methods=["GET"]),
        Route("/v1/chat/completions", chat, methods=["POST"]),
    ]


async def _refuse(request: Request, error: Exception) -> Response:
    if not isinstance(error, Refusal):
        raise error
    return refused(error, request.scope)


async def _refuse_route(request: Request, error: Exception) -> Response:
    if not isinstance(error, HTTPException):
        raise error
    code = "method_not_allowed" if error.status_code == 405 else "not_found"
    sentence = "Use /health, /v1/models or /v1/chat/completions, each with its own method."
    return refused(Refusal(error.status_code, code, sentence), request.scope)


async def _nobody(request: Request, error: Exception) -> Response:
    return Response(status_code=400)


async def _apologise(request: Request, error: Exception) -> Response:
    return refused(Refusal(500, "internal", "The server made a mistake; its log says where."), request.scope)
