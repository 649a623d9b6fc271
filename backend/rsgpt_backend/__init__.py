"""The model backend of RSGPT: it answers questions about pictures. It does not import QGIS."""

import os
import sys
from pathlib import Path

__version__ = "0.1.0"

# By default, PyTorch's threads spin while they wait for each other. If QGIS needs the cores at the same time, an answer
# takes ten times as long. PyTorch reads the variable when it is imported, so it is set here.
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")

# `rsgpt_plugin.shared` holds the code that plugin and backend share. Last on the path, so that it shadows nothing.
_PLUGIN = str(Path(__file__).resolve().parents[2])
if _PLUGIN not in sys.path:
    sys.path.append(_PLUGIN)
