"""Colors of values on the map and in the summary bar."""

from __future__ import annotations

VALUE_COLORS = (
    "#0072b2", "#e69f00", "#009e73", "#cc79a7", "#56b4e9", "#d55e00",
    "#f0e442", "#8c6d31", "#7570b3", "#66a61e", "#a6761d", "#1b9e77",
)  # fmt: skip
OTHER_COLOR = "#999999"
