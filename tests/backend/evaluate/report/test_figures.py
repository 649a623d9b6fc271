"""Drawings are well-formed SVG, in proportion to their numbers, and within their frame."""

from __future__ import annotations

from xml.etree import ElementTree

import pytest

from rsgpt_backend.evaluate.report.figures import bars, coverage_curve, reliability

SVG = "{http://www.w3.org/2000/svg}"


def attributes(drawing: ElementTree.Element, tag: str, kind: str = "") -> list[dict[str, str]]:
    """Return the attributes of the elements of a tag; kind: their class, if it matters."""
    return [element.attrib for element in drawing.iter(SVG + tag) if not kind or element.get("class") == kind]


def texts(drawing: ElementTree.Element) -> list[str]:
    return [text.text or "" for text in drawing.iter(f"{SVG}text")]


def test_bars_are_in_proportion() -> None:
    drawing = ElementTree.fromstring(bars([("a & b", 50.0, (40.0, 60.0)), ("c", 25.0, (0.0, 100.0))]))
    first, second = (float(rect["width"]) for rect in attributes(drawing, "rect"))
    assert first == 2 * second > 0
    assert texts(drawing) == ["a & b", "50.0", "c", "25.0"]


def test_an_interval_is_a_line_on_the_scale_of_its_bar() -> None:
    drawing = ElementTree.fromstring(bars([("a", 50.0, (40.0, 60.0))]))
    (rect,), (line,) = attributes(drawing, "rect"), attributes(drawing, "line")
    a_percent = float(rect["width"]) / 50
    ends = [(float(line[end]) - float(rect["x"])) / a_percent for end in ("x1", "x2")]
    assert ends == pytest.approx([40, 60], abs=0.1)
    assert line["y1"] == line["y2"]


def test_each_bar_has_a_row_within_the_drawing() -> None:
    drawing = ElementTree.fromstring(bars([("a", 100.0, (100.0, 100.0))] * 3))
    tops = [float(rect["y"]) for rect in attributes(drawing, "rect")]
    assert tops[2] - tops[1] == tops[1] - tops[0] > 0
    width, height = float(drawing.attrib["width"]), float(drawing.attrib["height"])
    assert drawing.attrib["viewBox"] == f"0 0 {width:.0f} {height:.0f}"
    for rect in attributes(drawing, "rect"):
        assert float(rect["y"]) + float(rect["height"]) <= height
        assert float(rect["x"]) + float(rect["width"]) < width


def test_points_lie_where_confidence_and_accuracy_say() -> None:
    drawing = ElementTree.fromstring(reliability([[0.0, 0.0, 1], [100.0, 100.0, 4]]))
    small, large = attributes(drawing, "circle")
    (ideal,) = attributes(drawing, "line", "ideal")
    assert (small["cx"], small["cy"]) == (ideal["x1"], ideal["y1"])
    assert (large["cx"], large["cy"]) == (ideal["x2"], ideal["y2"])
    assert float(small["r"]) < float(large["r"])


def test_a_point_tells_its_numbers() -> None:
    drawing = ElementTree.fromstring(reliability([[80.4, 70.6, 12]]))
    assert [title.text for title in drawing.iter(f"{SVG}title")] == ["12 answers: confidence 80 %, accuracy 71 %"]


def test_the_curve_goes_through_its_points() -> None:
    drawing = ElementTree.fromstring(coverage_curve([[50, 90.0, 80.0], [100, 70.0, 10.0]]))
    (line,) = attributes(drawing, "polyline")
    first, last = (tuple(map(float, point.split(","))) for point in line["points"].split())
    assert first[0] < last[0]
    assert first[1] < last[1]  # SVG counts downwards


@pytest.mark.parametrize("svg", [coverage_curve([[0, 0, 0], [100, 100, 0]]), reliability([[50, 50, 1]])])
def test_a_plot_has_labeled_axes_with_a_line_each_quarter(svg: str) -> None:
    drawing = ElementTree.fromstring(svg)
    numbers = [int(text) for text in texts(drawing) if text.isdecimal()]
    assert sorted(numbers) == [0, 0, 25, 25, 50, 50, 75, 75, 100, 100]
    assert "accuracy, %" in texts(drawing)
    upright = [float(line["x1"]) for line in attributes(drawing, "line", "grid") if line["x1"] == line["x2"]]
    level = [float(line["y1"]) for line in attributes(drawing, "line", "grid") if line["y1"] == line["y2"]]
    assert [x - upright[0] for x in upright] == [0, 70, 140, 210, 280]
    assert [level[0] - y for y in level] == [0, 70, 140, 210, 280]
