"""Options that would change the answer are refused with advice; those that change nothing are accepted."""

from __future__ import annotations

from typing import Any

import pytest

from rsgpt_backend.server.protocol.refusals import Refusal
from rsgpt_backend.server.protocol.unsupported import check_supported

TOOLS = {"tools": [{"type": "function"}]}
FUNCTIONS = {"functions": [{"name": "f"}]}


@pytest.mark.parametrize(
    "fields",
    [
        {},
        {"n": None},
        {"n": 1},
        {"tools": []},
        {"tools": [], "tool_choice": "required"},
        {"tool_choice": "required"},
        TOOLS,
        {**TOOLS, "tool_choice": "auto"},
        {**TOOLS, "tool_choice": "none"},
        {**FUNCTIONS, "function_call": "none"},
        {"logit_bias": {}},
        {"logit_bias": None},
        {"frequency_penalty": 0.0, "presence_penalty": None},
        {"modalities": ["text"]},
        {"modalities": None},
        {"modalities": "audio"},
        {"unknown": "option"},
    ],
)
def test_options_without_effect_are_accepted(fields: dict[str, Any]) -> None:
    check_supported(fields)


@pytest.mark.parametrize(
    ("fields", "advice"),
    [
        ({"n": 2}, "n must be 1; ask again"),
        ({"n": "1"}, "n must be 1"),
        ({"n": 0}, "n must be 1"),
        ({**TOOLS, "tool_choice": "required"}, "cannot call tools. Leave tool_choice out"),
        ({**TOOLS, "tool_choice": {"type": "function"}}, "cannot call tools"),
        ({**FUNCTIONS, "function_call": {"name": "f"}}, "cannot call functions. Leave function_call out"),
        ({"logit_bias": {"50256": -100}}, "logit_bias is not supported; leave it out"),
        ({"frequency_penalty": 0.5}, "frequency_penalty is not supported; leave it out"),
        ({"presence_penalty": -1}, "presence_penalty is not supported; leave it out"),
        ({"presence_penalty": "0"}, "presence_penalty is not supported"),
        ({"modalities": ["text", "audio"]}, "leave audio out of modalities"),
    ],
)
def test_options_that_would_change_the_answer_are_refused(fields: dict[str, Any], advice: str) -> None:
    with pytest.raises(Refusal, match=advice) as caught:
        check_supported(fields)
    assert (caught.value.status, caught.value.code) == (400, "invalid_request")
