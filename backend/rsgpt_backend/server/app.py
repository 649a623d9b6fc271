"""The ASGI application: routes, checks and error replies."""

from __future__ import annotations

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
from .embeddings import EmbeddingsEndpoint
from .middleware.body import BodyLimit, check_content_length
from .middleware.content import require_json
from .middleware.framing import reject_ambiguous
from .middleware.gate import RequestGate
from .middleware.host import require_host
from .middleware.key import require_key
from .middleware.origin import reject_browsers
from .protocol.refusals import Refusal
from .protocol.replies import health, model_list
from .protocol.requests import check_model
from .protocol.responses import AsciiJSON, refusal_response

DECODERS = 2


def build_app(batcher: Batcher, port: int, key: str) -> Starlette:
    """Return the application for one launch. Every route requires `key` and the exact host and port."""
    checks = (
        reject_ambiguous,
        require_host(port),
        reject_browsers,
        require_key(key),
        require_json,
        check_content_length,
    )
    app = Starlette(
        routes=_routes(batcher),
        middleware=[*(Middleware(RequestGate, check=check) for check in checks), Middleware(BodyLimit)],
        exception_handlers={
            Refusal: _refuse,
            HTTPException: _refuse_routing,
            ClientDisconnect: _client_left,
            Exception: _internal_error,
        },
    )
    app.router.redirect_slashes = False
    return app


def _routes(batcher: Batcher) -> list[Route]:
    created = int(time.time())

    async def get_health(request: Request) -> Response:
        return AsciiJSON(health(batcher.name, batcher.engine))

    async def list_models(request: Request) -> Response:
        name = request.path_params.get("name")
        if name is not None:
            check_model(name, batcher.name)
        models = model_list(batcher.name, await batcher.loaded(), created)
        return AsciiJSON(models if name is None else models["data"][0])

    # Few decoders, so that many large pictures cannot fill the memory.
    decoders = ThreadPoolExecutor(DECODERS, "decode")
    return [
        Route("/health", get_health, methods=["GET"]),
        Route("/v1/models", list_models, methods=["GET"]),
        Route("/v1/models/{name}", list_models, methods=["GET"]),
        Route("/v1/chat/completions", ChatEndpoint(batcher, decoders), methods=["POST"]),
        Route("/v1/embeddings", EmbeddingsEndpoint(batcher, decoders), methods=["POST"]),
    ]


async def _refuse(request: Request, error: Exception) -> Response:
    if not isinstance(error, Refusal):
        raise error
    return refusal_response(error, request.scope)


async def _refuse_routing(request: Request, error: Exception) -> Response:
    if not isinstance(error, HTTPException):
        raise error
    code = "method_not_allowed" if error.status_code == 405 else "not_found"
    message = "Use /health, /v1/models, /v1/chat/completions or /v1/embeddings, each with its own method."
    return refusal_response(Refusal(error.status_code, code, message), request.scope)


async def _client_left(request: Request, error: Exception) -> Response:
    return Response(status_code=400)


async def _internal_error(request: Request, error: Exception) -> Response:
    return refusal_response(
        Refusal(500, "internal", "The server failed unexpectedly; see its log for details."), request.scope
    )
