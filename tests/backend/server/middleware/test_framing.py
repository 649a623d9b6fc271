"""A request whose end or target two parsers could read differently is refused, and its connection is closed."""

from __future__ import annotations

import pytest

from rsgpt_backend.server.middleware.framing import reject_ambiguous
from rsgpt_backend.server.protocol.refusals import Refusal
from tests.backend.server.scopes import request_scope

LENGTH, CHUNKED = ("content-length", "3"), ("transfer-encoding", "chunked")


@pytest.mark.parametrize("headers", [(), (LENGTH,), (CHUNKED,)])
def test_one_declared_length_is_accepted(headers: tuple[tuple[str, str], ...]) -> None:
    reject_ambiguous(request_scope(*headers, path="/v1/models"))


@pytest.mark.parametrize("headers", [(LENGTH, CHUNKED), (CHUNKED, LENGTH)])
def test_two_declared_lengths_are_refused(headers: tuple[tuple[str, str], ...]) -> None:
    with pytest.raises(Refusal, match="Send Content-Length or Transfer-Encoding, not both") as caught:
        reject_ambiguous(request_scope(*headers))
    assert (caught.value.status, caught.value.code, caught.value.close_connection) == (400, "framing", True)


@pytest.mark.parametrize("path", ["", "*", "http://evil.example/health", "evil.example:443"])
def test_a_target_that_is_not_a_path_is_refused(path: str) -> None:
    with pytest.raises(Refusal, match="Request a path of this server, such as /v1/models") as caught:
        reject_ambiguous(request_scope(path=path))
    assert (caught.value.status, caught.value.code, caught.value.close_connection) == (400, "target", True)
