"""Only the two names of this machine with the port of the server are accepted as Host."""

from __future__ import annotations

import pytest

from rsgpt_backend.server.middleware.host import require_host
from rsgpt_backend.server.protocol.refusals import Refusal
from tests.backend.server.scopes import request_scope


@pytest.mark.parametrize("host", ["127.0.0.1:8123", "localhost:8123"])
def test_names_of_this_machine_are_accepted(host: str) -> None:
    require_host(8123)(request_scope(("host", host)))


@pytest.mark.parametrize(
    "hosts",
    [
        (),
        ("",),
        ("evil.example:8123",),
        ("127.0.0.1",),
        ("localhost:81234",),
        ("127.0.0.1:08123",),
        ("LOCALHOST:8123",),
        ("[::1]:8123",),
        (" 127.0.0.1:8123",),
        ("127.0.0.1:8123", "127.0.0.1:8123"),
        ("127.0.0.1:8123", "evil.example"),
    ],
)
def test_a_foreign_missing_or_second_host_is_refused(hosts: tuple[str, ...]) -> None:
    with pytest.raises(Refusal, match="Use the address that the server printed when it started") as caught:
        require_host(8123)(request_scope(*[("host", host) for host in hosts]))
    assert (caught.value.status, caught.value.code) == (403, "host")
