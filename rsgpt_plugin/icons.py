"""The plugin's own icons. Knows none of QGIS's."""

from __future__ import annotations

from qgis.PyQt.QtGui import QIcon

from .core.paths import plugin_root


def plugin_icon(name: str = "rsgpt") -> QIcon:
    """The icon of that name; without one, the plugin's."""
    return QIcon(str(plugin_root() / "resources" / "icons" / f"{name}.svg"))
