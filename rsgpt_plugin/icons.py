"""Icons of the plugin."""

from __future__ import annotations

from qgis.PyQt.QtGui import QIcon

from .core.paths import plugin_root


def plugin_icon(name: str = "rsgpt") -> QIcon:
    """Return an icon by name."""
    return QIcon(str(plugin_root() / "resources" / "icons" / f"{name}.svg"))
