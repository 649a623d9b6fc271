"""RSGPT's model side: it answers questions about pictures and knows nothing of QGIS."""

import os
import sys
from pathlib import Path

__version__ = "0.1.0"

# PyTorch's threads would spin while they wait for one another. Where something else wants the cores, such as QGIS,
# they then wait for those that spin: an answer took ten times as long. Read when PyTorch is imported, so set before.
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")

# The plugin's folder holds what both sides know: `rsgpt_plugin.shared`. Last in line, so that it shadows nothing.
_PLUGIN = str(Path(__file__).resolve().parents[2])
if _PLUGIN not in sys.path:
    sys.path.append(_PLUGIN)
