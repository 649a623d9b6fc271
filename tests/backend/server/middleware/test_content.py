"""A POST must be declared as JSON once; other methods need no content type."""

from __future__ import annotations

import pytest

from rsgpt_backend.server.middleware.content import require_json
from rsgpt_backend.server.protocol.refusals import Refusal
from tests.backend.server.scopes import request_scope

JSON, FORM = ("content-type", "application/json"), ("content-type", "application/x-www-form-urlencoded")


@pytest.mark.parametrize("kind", ["application/json", "Application/JSON", "application/json ; charset=latin-1"])
def test_json_is_accepted_in_any_case_and_with_parameters(kind: str) -> None:
    require_json(request_scope(("content-type", kind), method="POST"))


@pytest.mark.parametrize(
    "headers",
    [(), (FORM,), (("content-type", ""),), (("content-type", "application/json2"),), (JSON, FORM), (JSON, JSON)],
)
def test_a_post_of_another_an_unknown_or_two_types_is_refused(headers: tuple[tuple[str, str], ...]) -> None:
    with pytest.raises(Refusal, match=r"^Send the request as application/json\.$") as caught:
        require_json(request_scope(*headers, method="POST"))
    assert (caught.value.status, caught.value.code, caught.value.close_connection) == (415, "content_type", False)


@pytest.mark.parametrize("method", ["GET", "OPTIONS", "DELETE"])
def test_other_methods_may_have_any_type(method: str) -> None:
    require_json(request_scope(FORM, method=method))
    require_json(request_scope(method=method))
