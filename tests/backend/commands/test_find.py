"""`rsgpt find` prints one object per picture and noun; unknown nouns and models without a finder are refused."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from rsgpt_backend.cli import main
from rsgpt_backend.engine.heads import finding
from rsgpt_plugin.shared.objects.found_points import FoundPoint

Pictures = Callable[[int], list[str]]
Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def find(finder_folder: Path, capsys: pytest.CaptureFixture[str]) -> Run:
    """A function that runs `rsgpt find` with the toy: exit code, stdout, stderr."""

    def run(*arguments: str) -> tuple[int, str, str]:
        code = main(["find", *arguments, "--model", str(finder_folder)])
        return code, *capsys.readouterr()

    return run


@pytest.fixture
def seven_cars(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """Seven cars and an airplane in each picture; the list collects the ground resolutions."""
    given: list[Any] = []

    def search(model: Any, image: Any, gsd_m: Any, **_: Any) -> dict[str, list[FoundPoint]]:
        given.append(gsd_m)
        points = [FoundPoint(number + 0.26, 5, 0.9 - number / 10, (number, 2, 4.04, 4)) for number in range(7)]
        return {"car": points, "airplane": points[:1]}

    monkeypatch.setattr(finding, "search", search)
    return given


def test_json(find: Run, pictures: Pictures, seven_cars: list[Any]) -> None:
    paths = pictures(2)
    code, out, _ = find(*paths, "--object", "Vehicles", "--object", "plane", "--json", "--gsd", "0.3")
    found = [json.loads(line) for line in out.splitlines()]
    assert code == 0
    assert [(one["image"], one["object"], one["count"]) for one in found] == [
        (path, noun, count) for path in paths for noun, count in (("Vehicles", 7), ("plane", 1))
    ]
    assert all(list(one) == ["image", "object", "count", "points"] for one in found)
    assert found[0]["points"][1] == {"x": 1.3, "y": 5, "confidence": 0.8, "box": None}
    assert found[1]["points"] == [{"x": 0.3, "y": 5, "confidence": 0.9, "box": [0, 2, 4.0, 4]}]
    assert seven_cars == [0.3, 0.3]


def test_text(find: Run, pictures: Pictures, seven_cars: list[Any]) -> None:
    (path,) = pictures(1)
    code, out, _ = find(path, "--object", "cars")
    assert code == 0
    assert out == f"{path}: cars: 7 at (0, 5) 90%, (1, 5) 80%, (2, 5) 70%, (3, 5) 60%, (4, 5) 50%, and 2 more\n"
    assert seven_cars == [None]


def test_the_real_search_runs(find: Run, pictures: Pictures) -> None:
    code, out, _ = find(*pictures(1), "--object", "car", "--json")
    assert code == 0
    assert json.loads(out)["count"] == len(json.loads(out)["points"])


def test_an_unknown_object_is_refused_with_the_list(find: Run, pictures: Pictures) -> None:
    code, out, err = find(*pictures(1), "--object", "cars", "--object", "zebras")
    assert (code, out) == (2, "")
    assert "cannot find “zebras”. It finds: airplane, car." in err


def test_a_model_without_a_finder_says_so(
    toy_folder: Path, pictures: Pictures, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["find", *pictures(1), "--object", "car", "--model", str(toy_folder)]) == 1
    assert "toy has no finder" in capsys.readouterr().err


def test_a_broken_picture_does_not_stop_the_others(
    find: Run, pictures: Pictures, tmp_path: Path, seven_cars: list[Any]
) -> None:
    broken = tmp_path / "broken.png"
    broken.write_bytes(b"none")
    code, out, _ = find(str(broken), *pictures(1), "--object", "car", "--json")
    first, second = map(json.loads, out.splitlines())
    assert code == 1
    assert (first["image"], first["object"], first["error"]["code"]) == (str(broken), "car", "image")
    assert second["count"] == 7


@pytest.mark.parametrize("gsd", ["0", "-1", "nan", "inf", "fine"])
def test_a_ground_resolution_is_a_number_above_0(find: Run, pictures: Pictures, gsd: str) -> None:
    with pytest.raises(SystemExit) as left:
        find(*pictures(1), "--object", "car", "--gsd", gsd)
    assert left.value.code == 2
