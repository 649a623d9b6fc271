"""Charts of a report as SVG; all values are percentages."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

_WIDTH, _LABEL, _BAR = 640, 150, 24
_SIDE, _EDGE = 280, 40


def bars(rows: Sequence[tuple[str, float, Sequence[float]]]) -> str:
    """Return a bar chart. rows: name, value, and the ends of the interval, which is drawn as a line."""
    scale = (_WIDTH - _LABEL - 60) / 100
    parts = []
    for number, (name, value, (low, high)) in enumerate(rows):
        top = number * _BAR
        middle = top + _BAR / 2
        parts += [
            f'<text x="{_LABEL - 8}" y="{middle + 4:.0f}" text-anchor="end">{escape(name)}</text>',
            f'<rect x="{_LABEL}" y="{top + 4}" width="{value * scale:.1f}" height="{_BAR - 8}" class="bar"/>',
            f'<line x1="{_LABEL + low * scale:.1f}" x2="{_LABEL + high * scale:.1f}" y1="{middle}" y2="{middle}"/>',
            f'<text x="{_LABEL + high * scale + 8:.1f}" y="{middle + 4:.0f}">{value:.1f}</text>',
        ]
    return _svg(_WIDTH, len(rows) * _BAR, parts)


def reliability(bins: Sequence[Sequence[float]]) -> str:
    """Return accuracy over confidence. bins: [mean confidence, accuracy, answers]; area of a point: answers."""
    largest = max(count for _, _, count in bins)
    points = [
        f'<circle cx="{_x(confidence)}" cy="{_y(accuracy)}" r="{3 + 9 * (count / largest) ** 0.5:.1f}" class="point">'
        f"<title>{count:.0f} answers: confidence {confidence:.0f} %, accuracy {accuracy:.0f} %</title></circle>"
        for confidence, accuracy, count in bins
    ]
    diagonal = f'<line x1="{_x(0)}" y1="{_y(0)}" x2="{_x(100)}" y2="{_y(100)}" class="ideal"/>'
    return _plot([diagonal, *points], "confidence, %", "accuracy, %")


def coverage_curve(curve: Sequence[Sequence[float]]) -> str:
    """Return accuracy over the share of answers kept. curve: [share, accuracy, minimum confidence]."""
    path = " ".join(f"{_x(share)},{_y(accuracy)}" for share, accuracy, _ in curve)
    return _plot([f'<polyline points="{path}" class="curve"/>'], "answers kept, %", "accuracy, %")


def _plot(parts: Sequence[str], x_label: str, y_label: str) -> str:
    middle, end = _EDGE + _SIDE / 2, _EDGE + _SIDE
    grid = []
    for value in range(0, 101, 25):
        grid += [
            f'<line x1="{_x(value)}" x2="{_x(value)}" y1="{_y(0)}" y2="{_y(100)}" class="grid"/>',
            f'<line y1="{_y(value)}" y2="{_y(value)}" x1="{_x(0)}" x2="{_x(100)}" class="grid"/>',
            f'<text x="{_x(value)}" y="{_SIDE + 30}" text-anchor="middle">{value}</text>',
            f'<text x="{_EDGE - 6}" y="{_y(value) + 4}" text-anchor="end">{value}</text>',
        ]
    axes = [
        f'<text x="{middle}" y="{_SIDE + 48}" text-anchor="middle">{x_label}</text>',
        f'<text transform="rotate(-90)" x="-{_SIDE / 2 + 12}" y="11" text-anchor="middle">{y_label}</text>',
    ]
    return _svg(end + 20, _SIDE + 56, [*grid, *axes, *parts])


def _x(value: float) -> float:
    return round(_EDGE + _SIDE * value / 100, 1)


def _y(value: float) -> float:
    return round(12 + _SIDE * (100 - value) / 100, 1)


def _svg(width: float, height: float, parts: Sequence[str]) -> str:
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" role="img" width="{width:.0f}" height="{height:.0f}" '
        f'viewBox="0 0 {width:.0f} {height:.0f}">' + "".join(parts) + "</svg>"
    )
