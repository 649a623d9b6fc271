"""The Processing provider `rsgpt`."""

from __future__ import annotations

from qgis.core import QgsProcessingProvider
from qgis.PyQt.QtGui import QIcon

from ..icons import plugin_icon
from .describefeatures import DescribeFeatures
from .describeraster import DescribeRaster
from .finding.findobjects import FindObjects
from .searching.search_algorithm import SearchPictures
from .styleresults import StyleResults


class RsgptProvider(QgsProcessingProvider):
    """Lists the algorithms, whose ids must not change."""

    def id(self) -> str:
        return "rsgpt"

    def name(self) -> str:
        return "RSGPT"

    def longName(self) -> str:
        return self.tr("RSGPT: captions and answers about imagery")

    def icon(self) -> QIcon:
        return plugin_icon()

    def loadAlgorithms(self) -> None:
        for algorithm in (DescribeRaster, DescribeFeatures, FindObjects, SearchPictures, StyleResults):
            self.addAlgorithm(algorithm())
