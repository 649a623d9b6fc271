"""Every icon that the plugin names is shipped; an unknown name gives an empty icon."""

from __future__ import annotations

import pytest

from rsgpt_plugin.core.paths import plugin_root
from rsgpt_plugin.icons import plugin_icon

pytestmark = pytest.mark.usefixtures("qgis_app")

NAMES = sorted(path.stem for path in (plugin_root() / "resources" / "icons").glob("*.svg"))


def test_the_plugin_s_own_icon_is_the_default() -> None:
    assert plugin_icon().pixmap(24, 24).toImage() == plugin_icon("rsgpt").pixmap(24, 24).toImage()


@pytest.mark.parametrize("name", NAMES)
def test_a_shipped_icon_has_visible_pixels(name: str) -> None:
    image = plugin_icon(name).pixmap(32, 32).toImage()
    assert max(image.width(), image.height()) >= 32
    assert any(image.pixelColor(x, y).alpha() for x in range(image.width()) for y in range(image.height()))


def test_an_unknown_icon_is_empty() -> None:
    assert plugin_icon("no-such-icon").pixmap(24, 24).isNull()
