"""`rsgpt bench` compares both implementations on two workloads and prints speed, memory and equal answers."""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import pytest

from rsgpt_backend import benchmark
from rsgpt_backend.benchmark import Implementation, Speed, Workload
from rsgpt_backend.cli import main
from rsgpt_backend.commands import bench
from rsgpt_backend.errors import ModelError


@pytest.fixture
def measured(monkeypatch: pytest.MonkeyPatch) -> list[tuple[Implementation, str, str, Workload]]:
    """Replace measurements by fixed ones, and collect what is measured."""
    calls: list[tuple[Implementation, str, str, Workload]] = []

    def measure(way: Implementation, name: str, precision: str, work: Workload) -> Speed:
        calls.append((way, name, precision, work))
        answers = ("a", "b", "c") if way == "plain" else ("a", "x", "c", "d")
        seconds, peak = (6.0, 2_000_000_000) if way == "plain" else (1.5, 500_000_000)
        return Speed(way, "bf16", work.tiles, 1.23456, seconds * work.tiles, peak, answers)

    monkeypatch.setattr(benchmark, "measure", measure)
    return calls


def parse(*arguments: str) -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    bench.add_parser(parser.add_subparsers())
    return parser.parse_args(["bench", *arguments])


def test_defaults() -> None:
    args = parse()
    assert (args.model, args.precision, args.plain) == ("rsgpt-small", "auto", "auto")
    assert (args.tiles, args.batch, args.json) == (16, 32, False)
    assert args.run is bench.run


@pytest.mark.parametrize("option", ["--tiles", "--batch"])
@pytest.mark.parametrize("number", ["0", "-3"])
def test_less_than_one_tile_or_prompt_is_wrong_use(
    option: str, number: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as end:
        main(["bench", f"{option}={number}"])
    assert end.value.code == 2
    assert f"{option}: write a whole number above 0" in capsys.readouterr().err


@pytest.mark.parametrize("precision", ["int8", "int4", "fp8"])
def test_plain_implementation_rejects_precisions_that_transformers_lacks(precision: str) -> None:
    with pytest.raises(SystemExit) as end:
        parse("--plain", precision)
    assert end.value.code == 2


def test_both_implementations_do_each_workload_once(
    measured: list[tuple[Implementation, str, str, Workload]],
) -> None:
    assert bench.run(parse("--model", "m", "--precision", "int8", "--plain", "fp32", "--batch", "5")) == 0
    many = Workload(16, (40, 5, 5, 5, 5), 5)
    assert measured == [
        ("plain", "m", "fp32", Workload(3, (40, 5, 5, 5, 5), 5)),  # slow, and the same for every tile
        ("engine", "m", "int8", many),
        ("plain", "m", "fp32", Workload(1, (5,))),
        ("engine", "m", "int8", Workload(1, (5,))),
    ]


def test_no_more_tiles_are_measured_the_plain_way_than_asked_for(
    measured: list[tuple[Implementation, str, str, Workload]],
) -> None:
    bench.run(parse("--tiles", "2"))
    assert [work.tiles for *_, work in measured] == [2, 2, 1, 1]


@pytest.mark.usefixtures("measured")
def test_json_lines_hold_measurements_and_ratios(capsys: pytest.CaptureFixture[str]) -> None:
    bench.run(parse("--json", "--tiles", "4"))
    plain, ours, ratios, *single = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    what = "a caption and four answers per tile"
    assert plain == {
        "what": what, "way": "plain", "precision": "bf16", "tiles": 3, "load_s": 1.235, "seconds": 18.0,
        "peak": 2_000_000_000, "seconds_a_tile": 6.0,
    }  # fmt: skip
    assert (ours["way"], ours["tiles"], ours["seconds_a_tile"]) == ("engine", 4, 1.5)
    assert ratios == {"what": what, "faster": 4.0, "memory": 0.25, "same_answers": [2, 3]}
    assert [line["what"] for line in single] == ["one answer about one tile"] * 3


@pytest.mark.usefixtures("measured")
def test_text_holds_the_same_numbers(capsys: pytest.CaptureFixture[str]) -> None:
    bench.run(parse())
    plain, ours, ratios, *_ = capsys.readouterr().out.splitlines()
    assert plain == "plain, bf16: 6.00 s per tile, loaded in 1.2 s, peak memory 2.0 GB"
    assert ours == "engine, bf16: 1.50 s per tile, loaded in 1.2 s, peak memory 0.5 GB"
    assert ratios.endswith("4.0 times faster, 25% of the memory, 2 of 3 answers the same")


def test_an_error_of_the_measurement_is_passed_on(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    def fail(*_: object) -> Speed:
        raise ModelError("The model x is missing. Choose another.")

    monkeypatch.setattr(benchmark, "measure", fail)
    with pytest.raises(ModelError, match="The model x is missing"):
        bench.run(parse("--model", str(tmp_path)))
