"""The expression functions `rsgpt_ask` and `rsgpt_find`. QGIS calls them in any thread, also while it draws the map."""

from __future__ import annotations

from functools import lru_cache
from typing import Any, Optional

from qgis.core import (
    QgsCoordinateReferenceSystem,
    QgsExpression,
    QgsExpressionContext,
    QgsExpressionFunction,
    QgsGeometry,
)
from qgis.PyQt.QtCore import QCoreApplication

from ...errors import QuestionError
from ...shared.answers.questions import Question, parse_question
from ...shared.answers.readers import Value
from .asked_places import AskedPlace, AskedPlaces
from .project_layers import LayerState, ProjectLayers

translate = QCoreApplication.translate

ASK, FIND = "rsgpt_ask", "rsgpt_find"
GROUP = "RSGPT"

_Parameter = QgsExpressionFunction.Parameter


class AskFunction(QgsExpressionFunction):
    """`rsgpt_ask(question, geometry, ask)`: the stored answer, NULL if there is none."""

    def __init__(self, layers: ProjectLayers, places: AskedPlaces) -> None:
        help_text = translate(
            "Rsgpt",
            "Returns the answer of the model about a geometry on the topmost raster of the project, or NULL if it is "
            "not stored yet. The picture is the bounding box of the geometry with a margin, as in “Describe features”. "
            "The function never waits for the model. If <i>ask</i> is true, a background task asks for the missing "
            "answers, stores them, and draws the layer again. Only answers that the function asked for are stored for "
            "it, not those in results layers.",
        )
        question = translate(
            "Rsgpt", "a question, also with a type, for example 'Is there any water?' or '[integer]: How many cars?'"
        )
        place = translate("Rsgpt", "a geometry in the coordinate system of the layer")
        ask = translate("Rsgpt", "whether the model is asked if the answer is not stored (default: false)")
        described = [("question", question), ("geometry", place), ("ask", ask)]
        example = "rsgpt_ask('[yesno]: Is there any water?', $geometry, ask:=true)"
        parameters = [_Parameter("question"), _Parameter("geometry"), _Parameter("ask", True, False)]
        super().__init__(ASK, parameters, GROUP, _help(ASK, help_text, described, example))
        self._layers = layers
        self._places = places

    def func(
        self, values: list[Any], context: QgsExpressionContext, parent: QgsExpression, node: Any
    ) -> Optional[Value]:
        """Return the value of the function."""
        text, geometry, is_asked = values
        if not isinstance(geometry, QgsGeometry) or geometry.isEmpty():
            return None
        try:
            question = _question(str(text))
        except QuestionError as error:
            parent.setEvalErrorString(str(error))
            return None
        crs = _crs(context, self._layers.state)
        raster = self._layers.state.raster_at(geometry, crs)
        if raster is None:
            return None
        layer = str((context.variable("layer_id") if context is not None else None) or "")
        return self._places.answer(AskedPlace(question, raster, crs, geometry, layer), bool(is_asked))


class FindFunction(QgsExpressionFunction):
    """`rsgpt_find(object, geometry)`: the number of found objects in a geometry."""

    def __init__(self, layers: ProjectLayers) -> None:
        help_text = translate(
            "Rsgpt",
            "Returns the number of objects in a geometry, counted in the topmost layer of found objects in the project "
            "that was searched for them there. The result is NULL if there is no such layer, or if the geometry is "
            "outside of the searched extent.",
        )
        name = translate("Rsgpt", "what was searched for, for example 'airplane'")
        place = translate("Rsgpt", "a geometry in the coordinate system of the layer")
        described = [("object", name), ("geometry", place)]
        parameters = [_Parameter("object"), _Parameter("geometry")]
        super().__init__(FIND, parameters, GROUP, _help(FIND, help_text, described, "rsgpt_find('car', $geometry)"))
        self._layers = layers

    def func(self, values: list[Any], context: QgsExpressionContext, parent: QgsExpression, node: Any) -> Optional[int]:
        """Return the value of the function."""
        name, geometry = values
        if not isinstance(geometry, QgsGeometry) or geometry.isEmpty():
            return None
        state = self._layers.state
        feedback = context.feedback() if context is not None else None
        return state.count(str(name), geometry, _crs(context, state), feedback)


@lru_cache(maxsize=64)
def _question(text: str) -> Question:
    return parse_question(text)


def _crs(context: Optional[QgsExpressionContext], state: LayerState) -> QgsCoordinateReferenceSystem:
    """Return the CRS of the layer of the expression, or that of the project."""
    if context is None:
        return state.crs
    layer, name = context.variable("layer_id"), context.variable("layer_crs")
    if isinstance(layer, str) and layer in state.layer_crs:  # the variable with the CRS is empty for a user-defined one
        return state.layer_crs[layer]
    return QgsCoordinateReferenceSystem(name) if isinstance(name, str) and name else state.crs


def _help(name: str, text: str, described: list[tuple[str, str]], example: str) -> str:
    """Return the help as HTML in the manner of QGIS's own functions."""
    syntax, arguments, examples = (
        translate("Rsgpt", "Syntax"),
        translate("Rsgpt", "Arguments"),
        translate("Rsgpt", "Examples"),
    )
    rows = "".join(f'<tr><td class="argument">{argument}</td><td>{about}</td></tr>' for argument, about in described)
    listed = ", ".join(f'<span class="argument">{argument}</span>' for argument, _ in described)
    return (
        f'<h3>{name}</h3><div class="description"><p>{text}</p></div>'
        f'<h4>{syntax}</h4><div class="syntax"><code><span class="functionname">{name}</span>({listed})</code></div>'
        f'<h4>{arguments}</h4><div class="arguments"><table>{rows}</table></div>'
        f'<h4>{examples}</h4><div class="examples"><ul><li><code>{example}</code></li></ul></div>'
    )
