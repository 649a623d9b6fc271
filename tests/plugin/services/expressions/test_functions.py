"""The functions are explained in the expression editor, and report a question that cannot be read."""

from __future__ import annotations

from qgis.core import NULL, QgsExpression, QgsExpressionContext, QgsExpressionContextUtils, QgsVectorLayer

from rsgpt_plugin.gui.actions.expressions import Expressions


def test_a_question_that_cannot_be_read_is_an_error(functions: Expressions, parcels: QgsVectorLayer) -> None:
    context = QgsExpressionContext(QgsExpressionContextUtils.globalProjectLayerScopes(parcels))
    context.setFeature(next(parcels.getFeatures()))
    expression = QgsExpression("rsgpt_ask('x[nosuch]: Is it?', $geometry)")
    assert expression.evaluate(context) in (None, NULL)
    assert "the type `nosuch` is unknown" in expression.evalErrorString()


def test_the_functions_are_explained_in_the_group_of_the_plugin(functions: Expressions) -> None:
    for name, argument in (("rsgpt_ask", "question"), ("rsgpt_find", "object")):
        number = QgsExpression.functionIndex(name)
        assert QgsExpression.Functions()[number].group() == "RSGPT"
        assert f'<span class="argument">{argument}</span>' in QgsExpression.Functions()[number].helpText()
