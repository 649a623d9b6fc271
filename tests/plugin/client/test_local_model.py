"""A local model starts its server with the first prompt, shares it, and refuses a second model before a run begins."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from qgis.core import QgsFeedback

from rsgpt_plugin.client import model_slot
from rsgpt_plugin.client.local_model import LocalModel
from rsgpt_plugin.client.model_slot import slot
from rsgpt_plugin.client.server import local_server
from rsgpt_plugin.client.server.local_server import LocalServer, ServerSpec, leased_server
from rsgpt_plugin.client.server.protocol import Prompt, Reply
from rsgpt_plugin.client.server.vision_check import shape_picture
from rsgpt_plugin.errors import Cancelled, ServerError, SetupError
from rsgpt_plugin.shared.search.sentence_model import SENTENCE_MODEL

PROMPT = Prompt(shape_picture("red"), "What is this?")
SPEC = ServerSpec("rsgpt-small")


@pytest.fixture
def started(
    fake_server: Callable[..., LocalServer], monkeypatch: pytest.MonkeyPatch, qgis_app: object
) -> list[LocalServer]:
    """The servers that were started; each one answers “boats”."""
    servers: list[LocalServer] = []

    def make(spec: ServerSpec) -> LocalServer:
        servers.append(fake_server("--reply", "boats"))
        return servers[-1]

    monkeypatch.setattr(local_server, "_managed_server", make)
    return servers


def test_no_process_runs_before_the_first_prompt(started: list[LocalServer]) -> None:
    model = LocalModel(SPEC, "rsgpt-small")
    (server,) = started
    assert server._process is None
    assert model.ask_one(PROMPT, lambda text: None).text == "boats"
    assert server._process is not None


def test_one_server_answers_all_kinds_of_requests(started: list[LocalServer]) -> None:
    model = LocalModel(SPEC, "rsgpt-small")
    outcomes = dict(model.ask_many([PROMPT] * 3))
    assert sorted(outcomes) == [0, 1, 2]
    assert all(isinstance(outcome, Reply) and outcome.text == "boats" for outcome in outcomes.values())
    pieces: list[str] = []
    reply = model.ask_one(PROMPT, pieces.append)
    assert "".join(pieces) == reply.text == "boats"
    identity = model.identity()
    assert (identity.name, identity.weights_sha256) == ("rsgpt-small", "f" * 64)
    assert len(started) == 1


def test_texts_get_vectors_and_tasks_are_performed(started: list[LocalServer]) -> None:
    model = LocalModel(SPEC, "rsgpt-small")
    assert model.embed_texts(["many boats", "a road"]) == [[0.0, 1.0]] * 2
    assert model.embed_texts(["many boats"], model=SENTENCE_MODEL) == [pytest.approx([0.985, 0.174], abs=1e-3)]
    ((_, outcome),) = model.ask_many([Prompt(shape_picture("red"), "", task="find")])
    assert isinstance(outcome, Reply)
    assert (outcome.text, outcome.confidence) == ("boats", 1.0)
    assert len(started) == 1


def test_a_server_without_vectors_says_so(
    fake_server: Callable[..., LocalServer], monkeypatch: pytest.MonkeyPatch, qgis_app: object
) -> None:
    script = '{"capabilities": {"embed": false}}'
    monkeypatch.setattr(local_server, "_managed_server", lambda spec: fake_server("--script", script))
    with pytest.raises(ServerError, match="no vectors"):
        LocalModel(SPEC, "rsgpt-small").embed_texts(["many boats"])


def test_a_model_without_an_environment_is_refused_when_it_is_created(qgis_app: object) -> None:
    with pytest.raises(SetupError, match="is not set up"):
        LocalModel(SPEC, "rsgpt-small")


def test_a_second_model_is_refused_when_it_is_created(
    started: list[LocalServer], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(model_slot, "PATIENCE_S", 0.1)
    with leased_server(SPEC), pytest.raises(ServerError, match="“rsgpt-small” is busy"):
        LocalModel(ServerSpec("other"), "other")
    assert len(started) == 1


def test_a_run_holds_the_model_until_it_has_ended(started: list[LocalServer], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(model_slot, "PATIENCE_S", 0.1)
    outcomes = LocalModel(SPEC, "rsgpt-small").ask_many([PROMPT] * 2)
    next(outcomes)
    with pytest.raises(ServerError, match="is busy"):
        LocalModel(ServerSpec("other"), "other")
    assert len(list(outcomes)) == 1
    slot.end_idle()
    assert started[0]._process is None


def test_a_cancelled_question_ends_the_lease(started: list[LocalServer]) -> None:
    feedback = QgsFeedback()
    feedback.cancel()
    model = LocalModel(SPEC, "rsgpt-small")
    with pytest.raises(Cancelled):
        model.ask_one(PROMPT, lambda text: None, feedback)
    with pytest.raises(Cancelled):
        list(model.ask_many([PROMPT], feedback))
    LocalModel(ServerSpec("other"), "other")
    assert len(started) == 2
