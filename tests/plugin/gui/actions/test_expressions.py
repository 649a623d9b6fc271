"""The expression function of the plugin exists exactly while the plugin is loaded."""

from __future__ import annotations

import gc

import pytest
from qgis.core import QgsExpression

from rsgpt_plugin.core.paths import picture_file
from rsgpt_plugin.core.picture_store import PictureStore
from rsgpt_plugin.geo.results.picture_function import NAME
from rsgpt_plugin.gui.actions.expressions import Expressions
from tests.plugin.results import png, sha256_of

pytestmark = pytest.mark.usefixtures("qgis_app")


def is_registered() -> bool:
    return bool(QgsExpression.isFunctionName(NAME))


def test_the_function_is_registered_and_removed() -> None:
    expressions = Expressions()
    assert not is_registered()
    expressions.register()
    assert is_registered()
    expressions.unregister()
    assert not is_registered()
    assert QgsExpression(f"{NAME}('x')").hasParserError()


def test_the_function_can_be_used_after_a_garbage_collection() -> None:
    with PictureStore(picture_file(), 10**8) as pictures:
        pictures.put(sha256_of(1), png())
    expressions = Expressions()
    expressions.register()
    gc.collect()
    value = QgsExpression(f"{NAME}('{sha256_of(1)}')").evaluate()
    expressions.unregister()
    assert str(value).startswith("data:image/")


def test_the_function_can_be_registered_again() -> None:
    for _ in range(2):
        expressions = Expressions()
        expressions.register()
        assert is_registered()
        expressions.unregister()
    assert not is_registered()
