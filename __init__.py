"""Entry point for QGIS. The repository root is the plugin folder; the code is in `rsgpt_plugin`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .rsgpt_plugin.plugin import RsgptPlugin


def classFactory(iface: Any) -> RsgptPlugin:
    """Return the plugin. `iface` is QGIS's interface, or None without a window."""
    from .rsgpt_plugin.plugin import RsgptPlugin  # noqa: PLC0415 - importing this package must not need QGIS

    return RsgptPlugin(iface)
