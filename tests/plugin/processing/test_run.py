"""The loop of a run: order of rows, cache, failures and cancellation."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from qgis.core import NULL, QgsException, QgsFeature, QgsFeatureSink, QgsProcessingFeedback, QgsVectorLayer

from rsgpt_plugin.client.answer_source import AnswerMemory
from rsgpt_plugin.client.installed_models import ModelInfo
from rsgpt_plugin.client.server.protocol import Prompt
from rsgpt_plugin.core.answer_cache import AnswerCache
from rsgpt_plugin.core.picture_store import PictureStore
from rsgpt_plugin.errors import ImageryError, OutputError, ServerError
from rsgpt_plugin.geo.imagery.picture import Picture
from rsgpt_plugin.geo.results.schema import output_fields
from rsgpt_plugin.processing import run
from rsgpt_plugin.processing.run import CaptureTarget, DescribeRun, RunCounts, RunQuestions
from rsgpt_plugin.shared.answers.questions import Question, parse_questions
from rsgpt_plugin.shared.answers.typed_answers import RawAnswer
from rsgpt_plugin.shared.results.rows import RowValues, answered_row

from .conftest import ScriptedGateway, number_in

MODEL = ModelInfo("rsgpt-small", "ab" * 32)
CAPTION = RunQuestions(MODEL, (), "Describe this image.")


def picture(number: int, empty: bool = False) -> Picture:
    rgb = np.full((8, 8, 3), number, np.uint8)
    return Picture(rgb, np.full((8, 8), not empty), (0, 0, 1, 1), "", 0.3, "1,2,3", "none")


def places(*numbers: int) -> Iterator[CaptureTarget]:
    for number in numbers:
        yield CaptureTarget(QgsFeature(), partial(picture, number))


class RunBench:
    """A sink, a cache file and a feedback for repeated runs."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / "answers.sqlite"
        self.pictures = folder / "pictures.sqlite"
        self.feedback = QgsProcessingFeedback()

    def run(
        self, questions: RunQuestions, targets: Iterator[CaptureTarget], total: int
    ) -> tuple[RunCounts, list[QgsFeature]]:
        self.layer = QgsVectorLayer("NoGeometry", "x", "memory")
        self.layer.dataProvider().addAttributes(output_fields(questions.questions))
        self.layer.updateFields()
        with AnswerCache(self.path) as answers, PictureStore(self.pictures, 1_000_000) as pictures:
            counts = DescribeRun(
                questions, AnswerMemory(answers, pictures), self.layer.dataProvider, self.feedback
            ).run(targets, total)
        return counts, self.rows()

    def rows(self) -> list[QgsFeature]:
        return list(self.layer.getFeatures())


@pytest.fixture
def bench(tmp_path: Path) -> RunBench:
    return RunBench(tmp_path)


def test_every_row_gets_the_answer_about_its_own_picture(bench: RunBench, gateway: ScriptedGateway) -> None:
    gateway.say = lambda prompt: f"number {number_in(prompt)}"
    counts, rows = bench.run(CAPTION, places(*range(100)), 100)
    assert [row["caption"] for row in rows] == [f"number {number}" for number in range(100)]
    assert counts == RunCounts(tiles=100, answered=100, asked=100)
    assert bench.feedback.progress() == pytest.approx(100)


def test_the_row_names_the_answering_model_even_for_cached_answers(bench: RunBench, gateway: ScriptedGateway) -> None:
    gateway.name = "gpt-4o-2024-08-06"
    server = RunQuestions(ModelInfo("gpt-4o", server="http://127.0.0.1:9/v1"), (), "Describe this image.")
    for _ in range(2):
        counts, (row,) = bench.run(server, places(1), 1)
        assert (row["model"], row["weights_sha256"]) == ("gpt-4o-2024-08-06", "")
    assert counts.cached == 1


def test_two_servers_with_equal_model_names_are_cached_separately(bench: RunBench, gateway: ScriptedGateway) -> None:
    for port in (8, 9):
        server = RunQuestions(ModelInfo("llava", server=f"http://127.0.0.1:{port}/v1"), (), "Describe this image.")
        counts, _ = bench.run(server, places(1), 1)
        assert counts.asked == 1


def test_a_second_run_asks_nothing_and_starts_no_server(bench: RunBench, gateway: ScriptedGateway) -> None:
    _, first = bench.run(CAPTION, places(*range(10)), 10)
    counts, second = bench.run(CAPTION, places(*range(10)), 10)
    assert counts == RunCounts(tiles=10, answered=10, cached=10)
    assert gateway.connections == 1
    assert [row.attributes() for row in first] == [row.attributes() for row in second]


@pytest.mark.parametrize(
    "other",
    [
        RunQuestions(MODEL, (), "What is this?"),
        RunQuestions(ModelInfo("rsgpt-small", "cd" * 32), (), CAPTION.caption),
        RunQuestions(ModelInfo("rsgpt-7b", "ab" * 32), (), CAPTION.caption),
        RunQuestions(replace(MODEL, fingerprint="cd" * 8), (), CAPTION.caption),
    ],
    ids=["prompt", "weights", "model", "fingerprint"],
)
def test_a_new_prompt_or_model_is_asked_again(bench: RunBench, gateway: ScriptedGateway, other: RunQuestions) -> None:
    bench.run(CAPTION, places(1, 2, 3), 3)
    assert bench.run(other, places(1, 2, 3), 3)[0].asked == 3


def test_answers_of_another_fingerprint_end_the_run_and_are_not_cached(
    bench: RunBench, gateway: ScriptedGateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    asking = RunQuestions(replace(MODEL, fingerprint="aa" * 8), (), CAPTION.caption)
    gateway.fingerprint = "bb" * 8  # like a server that restarted and loaded the model in another precision
    with pytest.raises(ServerError, match="Run again"):
        bench.run(asking, places(1, 2), 2)
    assert bench.rows() == []
    gateway.fingerprint = "aa" * 8
    counts, rows = bench.run(asking, places(1, 2), 2)
    assert counts == RunCounts(tiles=2, answered=2, asked=2)
    assert {row["model_fingerprint"] for row in rows} == {"aa" * 8}


def test_choice_and_text_answers_to_the_same_prompt_are_cached_separately(
    bench: RunBench, gateway: ScriptedGateway
) -> None:
    gateway.say = lambda prompt: "city"
    choice, free = "use[choice(city|forest)]: Which?", "use[text]: Which? Choose one of: city, forest."
    for line in (choice, free, choice):
        bench.run(RunQuestions(MODEL, tuple(parse_questions(line)), ""), places(1), 1)
    assert [prompt.choices for prompt in gateway.prompts] == [("city", "forest"), ()]
    assert len({prompt.text for prompt in gateway.prompts}) == 1


def test_the_model_is_told_the_resolution_of_the_picture(bench: RunBench, gateway: ScriptedGateway) -> None:
    bench.run(CAPTION, places(1, 2), 2)
    assert [prompt.gsd_m for prompt in gateway.prompts] == [0.3, 0.3]


def test_equal_pictures_are_asked_once(bench: RunBench, gateway: ScriptedGateway) -> None:
    counts, rows = bench.run(CAPTION, places(5, 5, 6, 5), 4)
    assert (counts.asked, counts.cached, len(gateway.prompts)) == (2, 2, 2)
    assert [row["status"] for row in rows] == ["answered"] * 4


def test_questions_become_typed_columns(bench: RunBench, gateway: ScriptedGateway) -> None:
    replies = {"How many?": "twelve", "Water?": "no", "Which?": "It is a forest.", "Describe this image.": "trees"}
    gateway.say = lambda prompt: next(text for start, text in replies.items() if prompt.text.startswith(start))
    questions = parse_questions("n[integer]: How many?\nw[yesno]: Water?\nu[choice(city|forest)]: Which?")
    _, (row,) = bench.run(RunQuestions(MODEL, tuple(questions), CAPTION.caption), places(1), 1)
    assert (row["caption"], row["n"], row["w"], row["u"]) == ("trees", 12, False, "forest")
    assert row["confidence"] == row["n_confidence"] == pytest.approx(0.8)
    assert row["w_confidence"] == pytest.approx(1.0)
    assert row["prompt"].split("\n") == [CAPTION.caption, *(question.line for question in questions)]
    assert (row["model"], row["weights_sha256"]) == ("rsgpt-small", "ab" * 32)
    assert row["image_sha256"] == picture(1).sha256
    assert (row["gsd_m"], row["bands"], row["stretch"]) == (0.3, "1,2,3", "none")
    assert row["asked_at"].isValid()


def test_the_language_is_requested_only_for_text(bench: RunBench, gateway: ScriptedGateway) -> None:
    questions = parse_questions("what[text]: What is it?\nwet[yesno]: Is it wet?")
    bench.run(RunQuestions(MODEL, tuple(questions), CAPTION.caption, language="French"), places(1), 1)
    asked = sorted(prompt.text for prompt in gateway.prompts)
    assert asked == ["Describe this image. Answer in French.", "Is it wet?", "What is it? Answer in French."]


def test_an_answer_below_the_minimum_confidence_is_left_empty(bench: RunBench, gateway: ScriptedGateway) -> None:
    gateway.say = lambda prompt: "twelve"
    questions = tuple(parse_questions("n[integer]: How many?"))
    asking = RunQuestions(MODEL, questions, "", least_confidence=0.81)
    counts, (row,) = bench.run(asking, places(1), 1)
    assert (row["status"], row["n"], counts.skipped) == ("unsure", NULL, 1)
    assert row["n_confidence"] == pytest.approx(0.8)
    assert row["reason"] == "n: I can't tell ('12' would be 80 % sure)"
    again, (row,) = bench.run(replace(asking, least_confidence=0.8), places(1), 1)
    assert (row["status"], row["n"], again.asked) == ("answered", 12, 0)  # it was cached nevertheless


def test_a_caption_ignores_the_minimum_confidence(bench: RunBench, gateway: ScriptedGateway) -> None:
    gateway.say = lambda prompt: "twelve"
    questions = tuple(parse_questions("n[integer]: How many?"))
    counts, (row,) = bench.run(RunQuestions(MODEL, questions, CAPTION.caption, 0.99), places(1), 1)
    assert (row["caption"], row["n"], row["status"]) == ("twelve", NULL, "partial")
    assert counts.answered == 1


def test_an_unreadable_answer_leaves_its_column_empty_with_a_reason(bench: RunBench, gateway: ScriptedGateway) -> None:
    gateway.say = lambda prompt: "the the the the the"
    questions = tuple(parse_questions("n[integer]: How many?"))
    counts, (row,) = bench.run(RunQuestions(MODEL, questions, CAPTION.caption), places(1), 1)
    assert (row["status"], counts.failed) == ("failed", 1)
    assert row["reason"].startswith("caption: the model wrote nothing usable; n: ")
    gateway.say = lambda prompt: "seven"
    counts, (row,) = bench.run(RunQuestions(MODEL, questions, "Another prompt."), places(1), 1)
    assert (row["status"], row["caption"], counts.answered) == ("partial", "seven", 1)


def test_an_empty_place_is_skipped_and_an_unreadable_place_fails(bench: RunBench, gateway: ScriptedGateway) -> None:
    def broken() -> Picture:
        raise ImageryError("The pixels cannot be read.")

    targets = [
        CaptureTarget(QgsFeature(), lambda: picture(1, empty=True)),
        CaptureTarget(QgsFeature(), broken),
        *places(7),
    ]
    counts, rows = bench.run(CAPTION, iter(targets), 3)
    assert [row["status"] for row in rows] == ["skipped", "failed", "answered"]
    assert [row["reason"] for row in rows[:2]] == ["no valid pixel here", "The pixels cannot be read."]
    assert counts == RunCounts(tiles=3, answered=1, skipped=1, failed=1, asked=1)


UNEXPECTED = [
    ValueError("operands could not be broadcast together"),
    OSError("read error"),
    QgsException("no transform"),
    MemoryError(),
    UnicodeEncodeError("utf-8", "\ud83d", 0, 1, "surrogates not allowed"),
]


@pytest.mark.parametrize("error", UNEXPECTED, ids=lambda error: type(error).__name__)
@pytest.mark.parametrize("where", ["picture", "png"])
def test_a_library_error_in_one_picture_fails_only_its_row(
    bench: RunBench, gateway: ScriptedGateway, monkeypatch: pytest.MonkeyPatch, error: Exception, where: str
) -> None:
    def broken() -> Picture:
        raise error

    def encoded(self: Picture) -> bytes:
        return original(self) if self.rgb[0, 0, 0] != 9 else broken().png

    original = vars(Picture)["png"].func
    monkeypatch.setattr(Picture, "png", property(encoded))
    targets = [
        *places(1),
        CaptureTarget(QgsFeature(), broken if where == "picture" else lambda: picture(9)),
        *places(2),
    ]
    counts, rows = bench.run(CAPTION, iter(targets), 3)
    assert [row["status"] for row in rows] == ["answered", "failed", "answered"]
    assert f"Unexpected error {type(error).__name__}" in rows[1]["reason"]
    assert (counts.answered, counts.failed, len(gateway.prompts)) == (2, 1, 2)


def test_a_picture_that_cannot_be_encoded_fails_only_its_row(bench: RunBench, gateway: ScriptedGateway) -> None:
    def huge() -> Picture:
        return replace(picture(0), rgb=np.zeros((1, 0, 3), np.uint8))

    _, rows = bench.run(CAPTION, iter([*places(1), CaptureTarget(QgsFeature(), huge), *places(2)]), 3)
    assert [row["status"] for row in rows] == ["answered", "failed", "answered"]
    assert "cannot be encoded as PNG" in rows[1]["reason"]


def test_an_error_in_reading_an_answer_fails_only_its_row(
    bench: RunBench, gateway: ScriptedGateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    def read(asked: Sequence[Question], raws: Sequence[RawAnswer], *others: Any, **options: Any) -> RowValues:
        if raws[0].text == "odd":
            raise ValueError("no number")
        return answered_row(asked, raws, *others, **options)

    monkeypatch.setattr(run, "answered_row", read)
    gateway.say = lambda prompt: "odd" if number_in(prompt) == 2 else "fine"
    counts, rows = bench.run(CAPTION, places(1, 2, 3), 3)
    assert [row["status"] for row in rows] == ["answered", "failed", "answered"]
    assert "Unexpected error ValueError" in rows[1]["reason"]
    assert rows[1]["image_sha256"] == picture(2).sha256  # the provenance is written
    assert counts == RunCounts(tiles=3, answered=2, failed=1, asked=3)


def test_an_error_in_writing_an_answer_fails_only_its_row(bench: RunBench, gateway: ScriptedGateway) -> None:
    class Picky(QgsFeatureSink):
        def __init__(self) -> None:
            super().__init__()
            self.added: list[tuple[str, str]] = []

        def addFeature(self, feature: QgsFeature, flags: Any = None) -> bool:
            caption, reason = feature.attributes()[0], str(feature.attributes()[3])
            if caption == "odd":
                raise OverflowError("value too large to convert")
            self.added.append((str(caption), reason))
            return True

    gateway.say = lambda prompt: "odd" if number_in(prompt) == 2 else "fine"
    sink = Picky()
    with AnswerCache(bench.path) as answers, PictureStore(bench.pictures, 1_000_000) as pictures:
        run_of_three = DescribeRun(CAPTION, AnswerMemory(answers, pictures), lambda: sink, bench.feedback)
        counts = run_of_three.run(places(1, 2, 3), 3)
    assert [caption for caption, _ in sink.added] == ["fine", "NULL", "fine"]
    assert sink.added[1][1].startswith("Unexpected error OverflowError: value too large to convert.")
    assert (counts.answered, counts.failed) == (2, 1)


def test_a_lone_surrogate_in_an_answer_does_not_end_the_run(bench: RunBench, gateway: ScriptedGateway) -> None:
    gateway.say = lambda prompt: "half \ud83d" if number_in(prompt) == 2 else "fine"
    _, rows = bench.run(CAPTION, places(1, 2, 3), 3)
    assert [row["caption"] for row in rows[::2]] == ["fine", "fine"]
    assert len(rows) == 3


def test_an_unexpected_error_between_places_keeps_complete_rows(bench: RunBench, gateway: ScriptedGateway) -> None:
    def broken() -> Iterator[CaptureTarget]:
        yield from places(*range(20))
        raise ZeroDivisionError("no pixel size")

    with pytest.raises(ZeroDivisionError):
        bench.run(CAPTION, broken(), 100)
    assert len(bench.rows()) >= 16  # four were pending
    assert bench.run(CAPTION, places(*range(20)), 20)[0].cached >= 16


def test_one_refused_prompt_fails_only_its_row(bench: RunBench, gateway: ScriptedGateway) -> None:
    gateway.say = lambda prompt: ServerError("No.") if number_in(prompt) == 3 else "fine"
    _, rows = bench.run(CAPTION, places(*range(6)), 6)
    assert [row["status"] for row in rows] == ["answered"] * 3 + ["failed"] + ["answered"] * 2
    assert rows[3]["reason"] == "caption: No."
    gateway.say = lambda prompt: "fine now"
    assert bench.run(CAPTION, places(*range(6)), 6)[0].asked == 1


def test_a_dead_server_keeps_complete_rows_and_answers(bench: RunBench, gateway: ScriptedGateway) -> None:
    gateway.dies_after = 50
    with pytest.raises(ServerError, match="stopped twice"):
        bench.run(CAPTION, places(*range(100)), 100)
    assert len(bench.rows()) == 50
    gateway.dies_after = 10**9
    counts, rows = bench.run(CAPTION, places(*range(100)), 100)
    assert (counts.asked, counts.cached, len(rows)) == (50, 50, 100)


def test_cancelling_keeps_complete_rows(bench: RunBench, gateway: ScriptedGateway) -> None:
    def say(prompt: Prompt) -> str:
        if len(gateway.prompts) == 20:
            bench.feedback.cancel()
        return "fine"

    gateway.say = say
    counts, rows = bench.run(CAPTION, places(*range(100)), 100)
    assert len(rows) == counts.answered == 20
    bench.feedback = QgsProcessingFeedback()
    assert bench.run(CAPTION, places(*range(100)), 100)[0].asked == 80


def test_cancelling_works_when_all_answers_are_cached(bench: RunBench, gateway: ScriptedGateway) -> None:
    bench.run(CAPTION, places(*range(10)), 10)
    bench.feedback.cancel()
    assert bench.run(CAPTION, places(*range(10)), 10)[1] == []


def test_pictures_are_captured_only_when_they_can_be_sent(bench: RunBench, gateway: ScriptedGateway) -> None:
    captured = []

    def counted() -> Iterator[CaptureTarget]:
        for place in places(*range(50)):
            captured.append(place)
            yield place

    def say(prompt: Prompt) -> str:
        assert len(captured) <= len(gateway.prompts) + 4
        return "fine"

    gateway.say = say
    assert bench.run(CAPTION, counted(), 50)[0].answered == 50


def test_a_full_sink_ends_the_run_with_a_message(tmp_path: Path, gateway: ScriptedGateway) -> None:
    full = type("Full", (QgsFeatureSink,), {"addFeature": lambda *_: False, "lastError": lambda _: "disk full"})
    answers, pictures = AnswerCache(tmp_path / "a.sqlite"), PictureStore(tmp_path / "p.sqlite", 1_000_000)
    with answers, pictures, pytest.raises(OutputError, match=r"cannot be written.*disk full"):
        DescribeRun(CAPTION, AnswerMemory(answers, pictures), full, QgsProcessingFeedback()).run(places(1), 1)


def test_asked_pictures_are_stored(bench: RunBench, gateway: ScriptedGateway) -> None:
    _, rows = bench.run(CAPTION, places(0, 1), 2)
    with PictureStore(bench.pictures, 1_000_000) as pictures:
        stored = [pictures.get(row["image_sha256"]) for row in rows]
    assert stored == [picture(number).png for number in range(2)]


def test_the_limits_of_the_model_are_stated(bench: RunBench, gateway: ScriptedGateway) -> None:
    _, (row,) = bench.run(replace(CAPTION, questions=(Question("why", "Why is it red?"),)), places(1), 1)
    assert (row["status"], row["why"]) == ("partial", NULL)
    assert row["reason"].startswith(
        "why: rsgpt-small cannot tell a reason from a picture; the picture has only 8 pixels"
    )
