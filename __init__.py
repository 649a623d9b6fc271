"""QGIS's way in. The repository's root is the plugin's folder; everything else lies in `rsgpt_plugin`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .rsgpt_plugin.plugin import RsgptPlugin


def classFactory(iface: Any) -> RsgptPlugin:
    """Return the plugin. `iface` is QGIS's interface, or None where there is no window."""
    from .rsgpt_plugin.plugin import RsgptPlugin  # noqa: PLC0415 - importing this package must not need QGIS

    return RsgptPlugin(iface)
