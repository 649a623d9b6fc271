"""The page and the text hold every block, escaped; drawings are well-formed and in proportion."""

from __future__ import annotations

import re
from xml.etree import ElementTree

from rsgpt_backend.evaluate.report.blocks import Figure, Heading, PictureCase, PictureCases, Table, TextBlock
from rsgpt_backend.evaluate.report.figures import bars, kept, reliability
from rsgpt_backend.evaluate.report.markdown import markdown
from rsgpt_backend.evaluate.report.page import page

SVG = "{http://www.w3.org/2000/svg}"
BLOCKS = [
    Heading("Part <1>"),
    TextBlock("a & b"),
    Table(["Model", "CIDEr"], [["a|b", "1.0"], ["<i>", "-"]]),
    Figure("a drawing", bars([("presence", 50.0, (40.0, 60.0))])),
    PictureCases([PictureCase("1.png", b"\xff\xd8", ["said <this>", "true"])]),
]


def test_markdown() -> None:
    assert markdown("T", BLOCKS).split("\n\n") == [
        "# T",
        "## Part <1>",
        "a & b",
        "| Model | CIDEr |\n| --- | --- |\n| a\\|b | 1.0 |\n| <i> | - |",
        "- `1.png`: said <this>; true\n",
    ]


def test_the_page_is_well_formed_and_needs_nothing_else() -> None:
    text = page("A <title>", BLOCKS)
    body = ElementTree.fromstring(re.search(r"<body>.*</body>", text, re.S).group())
    assert [element.text for element in body.iter("h2")] == ["Part <1>"]
    assert [cell.text for cell in body.iter("td")] == ["a|b", "1.0", "<i>", "-"]
    assert [image.get("src")[:23] for image in body.iter("img")] == ["data:image/jpeg;base64,"]
    assert [line.text for line in body.iter("p")] == ["a & b", "1.png", "said <this>", "true"]
    assert body.find(f".//{SVG}rect") is not None
    assert not re.search(r'(src|href)="(?!data:)', text)


def test_bars_are_in_proportion() -> None:
    drawing = ElementTree.fromstring(bars([("a & b", 50.0, (40.0, 60.0)), ("c", 25.0, (0.0, 100.0))]))
    first, second = (float(rect.get("width")) for rect in drawing.iter(f"{SVG}rect"))
    assert first == 2 * second > 0
    assert [text.text for text in drawing.iter(f"{SVG}text")] == ["a & b", "50.0", "c", "25.0"]


def test_points_lie_where_confidence_and_accuracy_say() -> None:
    drawing = ElementTree.fromstring(reliability([[0.0, 0.0, 1], [100.0, 100.0, 4]]))
    small, large = drawing.iter(f"{SVG}circle")
    ideal = next(line for line in drawing.iter(f"{SVG}line") if line.get("class") == "ideal")
    assert (small.get("cx"), small.get("cy")) == (ideal.get("x1"), ideal.get("y1"))
    assert (large.get("cx"), large.get("cy")) == (ideal.get("x2"), ideal.get("y2"))
    assert float(small.get("r")) < float(large.get("r"))


def test_the_curve_goes_through_its_points() -> None:
    drawing = ElementTree.fromstring(kept([[50, 90.0, 80.0], [100, 70.0, 10.0]]))
    first, last = (tuple(map(float, p.split(","))) for p in drawing.find(f"{SVG}polyline").get("points").split())
    assert first[0] < last[0]
    assert first[1] < last[1]  # SVG counts downwards
