"""A ticket passes on tokens once and exactly one last event, also when the engine repeats the ask."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from PIL import Image

from rsgpt_backend.errors import EngineError
from rsgpt_backend.predictor import Answer, Ask, Embedding, KeyedPicture, Step, Token
from rsgpt_backend.server.protocol.refusals import Refusal
from rsgpt_backend.server.ticket import AwaitedTicket, EmbeddingTicket, Event, Ticket
from tests.fakes.fake_engine import FakeEngine, Script

ASK = Ask(Image.new("RGB", (3, 2)), "key", "What?")
ANSWER = Answer("a b", (Token("a b", -0.1),), 0.9, "stop", False, 1)
REFUSAL = Refusal(503, "stopping", "The server is stopping.")


def token(text: str, logprob: float = -0.1) -> Step:
    return Step(0, token=Token(text, logprob))


def texts(events: list[Event]) -> list[str]:
    return [event.text for event in events if isinstance(event, (Token, Answer))]


def test_a_ticket_counts_the_pixels_of_its_picture() -> None:
    ticket = Ticket(ASK, False, lambda _: None)
    assert (ticket.pixels, ticket.ended) == (6, False)


@pytest.mark.parametrize(("wants_tokens", "expected"), [(True, ["a", " b", "a b"]), (False, ["a b"])])
def test_tokens_are_passed_on_if_they_are_wanted(wants_tokens: bool, expected: list[str]) -> None:
    events: list[Event] = []
    ticket = Ticket(ASK, wants_tokens, events.append)
    for step in (token("a"), token(" b"), Step(0, answer=ANSWER)):
        assert not ticket.ended
        ticket.take(step)
    assert texts(events) == expected
    assert ticket.ended


def test_a_step_may_hold_the_last_token_and_the_answer() -> None:
    events: list[Event] = []
    Ticket(ASK, True, events.append).take(Step(0, Token("a", -0.1), ANSWER))
    assert events == [Token("a", -0.1), ANSWER]


def test_a_ticket_posts_one_last_event() -> None:
    events: list[Event] = []
    answered, refused = Ticket(ASK, False, events.append), Ticket(ASK, False, events.append)
    answered.take(Step(0, answer=ANSWER))
    answered.fail(REFUSAL)
    refused.fail(REFUSAL)
    refused.take(Step(0, answer=ANSWER))
    refused.fail(REFUSAL)
    assert events == [ANSWER, REFUSAL]


def test_of_many_threads_one_ends_a_ticket() -> None:
    events: list[Event] = []
    ticket, barrier = Ticket(ASK, False, events.append), threading.Barrier(8)

    def end() -> None:
        barrier.wait(5)
        ticket.fail(REFUSAL)

    threads = [threading.Thread(target=end) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(5)
    assert events == [REFUSAL]


def test_repeated_tokens_are_not_sent_twice() -> None:
    events: list[Event] = []
    ticket = Ticket(ASK, True, events.append)
    for text in ("a", " b"):
        ticket.take(token(text))
    ticket.restart()
    for text in ("a", " b", " c"):
        ticket.take(token(text, -0.2))  # another batch has slightly other probabilities
    assert texts(events) == ["a", " b", " c"]


def test_a_repeated_token_that_differs_is_an_error() -> None:
    events: list[Event] = []
    ticket = Ticket(ASK, True, events.append)
    ticket.take(token("a"))
    ticket.restart()
    with pytest.raises(EngineError, match="failed in the middle of this answer; ask again"):
        ticket.take(token("b"))
    assert texts(events) == ["a"]


def awaited(work: Callable[[AwaitedTicket], Any]) -> list[Any]:
    """Return the events of a ticket that another thread feeds, up to its last one."""

    async def read() -> list[Any]:
        ticket = AwaitedTicket(ASK, True)
        thread = threading.Thread(target=work, args=(ticket,))
        thread.start()
        events: list[Any] = []
        while not events or isinstance(events[-1], Token):
            try:
                events.append(await asyncio.wait_for(ticket.next(), 5))
            except Refusal as refusal:
                events.append(refusal)
        thread.join(5)
        return events

    return asyncio.run(read())


def test_a_coroutine_gets_tokens_and_answer_in_order() -> None:
    def work(ticket: AwaitedTicket) -> None:
        for step in (token("a"), token(" b"), Step(0, answer=ANSWER)):
            ticket.take(step)

    assert awaited(work) == [Token("a", -0.1), Token(" b", -0.1), ANSWER]


def test_a_coroutine_gets_a_refusal_as_an_exception() -> None:
    assert awaited(lambda ticket: ticket.fail(REFUSAL)) == [REFUSAL]


def test_an_event_after_the_end_of_the_loop_is_dropped() -> None:
    async def make() -> AwaitedTicket:
        return AwaitedTicket(ASK, True)

    ticket = asyncio.run(make())
    ticket.take(token("a"))
    ticket.fail(REFUSAL)
    assert ticket.ended


def test_tickets_compare_by_identity() -> None:
    async def make() -> tuple[AwaitedTicket, AwaitedTicket]:
        same = replace(ASK)
        return AwaitedTicket(same, False), AwaitedTicket(same, False)

    first, second = asyncio.run(make())
    assert first != second


def test_an_embedding_ticket_posts_its_vectors_once() -> None:
    events: list[Any] = []
    ticket = EmbeddingTicket(["a word", KeyedPicture(ASK.image, "key")], events.append)
    assert ticket.pixels == 6
    ticket.run(FakeEngine(Script()))
    ticket.fail(REFUSAL)
    assert events == [[Embedding((0.0, 1.0), 2), Embedding((1.0, 0.0), 1)]]


def test_an_embedding_ticket_of_sentences_gets_their_vectors() -> None:
    events: list[Any] = []
    EmbeddingTicket(["a word"], events.append, of_sentences=True).run(FakeEngine(Script()))
    assert events == [FakeEngine(Script()).embed_sentences(["a word"])]


def test_an_embedding_ticket_that_nobody_waits_for_is_not_computed() -> None:
    events: list[Any] = []
    ticket = EmbeddingTicket(["a word"], events.append)
    ticket.cancel.set()
    ticket.run(FakeEngine(Script()))
    assert events == []
