"""Makes the model's environment in a task, with QGIS's proxy. Knows no widget; the environment does the work."""

from __future__ import annotations

from urllib.parse import quote

from qgis.core import QgsNetworkAccessManager, QgsTask
from qgis.PyQt.QtCore import QCoreApplication, pyqtSignal
from qgis.PyQt.QtNetwork import QNetworkProxy

from ..client.environment import ManagedEnvironment, State
from ..core import paths
from ..errors import Cancelled, RsgptError

translate = QCoreApplication.translate

# About as many lines as a set-up says; progress is a guess that never reaches the end by itself.
_USUAL_LINES = 60


def is_ready() -> bool:
    """Whether the model can be asked. Reads a few small files."""
    return ManagedEnvironment(paths.home()).state() is State.READY


class SetUpTask(QgsTask):
    """Makes the environment. `said` carries each line of progress, `ended` whether it is ready and a sentence."""

    said = pyqtSignal(str)
    ended = pyqtSignal(bool, str)

    def __init__(self) -> None:
        super().__init__(translate("Rsgpt", "RSGPT: setting up the model"), QgsTask.Flag.CanCancel)
        self._environment = ManagedEnvironment(paths.home(), variables=proxy_variables())
        self._error = ""
        self._lines = 0

    def run(self) -> bool:
        """Do the work, on a thread of QGIS's."""
        try:
            self._environment.make(say=self._say, is_cancelled=self.isCanceled)
        except Cancelled:
            return False
        except RsgptError as error:
            self._error = str(error)
        except OSError as error:
            sentence = translate("Rsgpt", "The set-up could not write its files ({error}). Check the folder {folder}.")
            self._error = sentence.format(error=error, folder=paths.home())
        return not self._error

    def finished(self, result: bool) -> None:
        """Report, on the main thread."""
        if result:
            self.ended.emit(True, translate("Rsgpt", "The model is ready."))
        else:
            stopped = translate("Rsgpt", "The set-up was stopped. Start it again whenever you like.")
            self.ended.emit(False, self._error or stopped)

    def _say(self, line: str) -> None:
        self._lines += 1
        self.setProgress(min(95.0, 100.0 * self._lines / _USUAL_LINES))
        self.said.emit(line)


def proxy_variables() -> dict[str, str]:
    """Return QGIS's proxy as the variables that installers read; nothing where there is none."""
    proxy = QgsNetworkAccessManager.instance().fallbackProxy()
    kinds = {QNetworkProxy.ProxyType.HttpProxy: "http", QNetworkProxy.ProxyType.Socks5Proxy: "socks5"}
    scheme = kinds.get(proxy.type())
    if scheme is None or not proxy.hostName():
        return {}
    login = quote(proxy.user(), safe="")
    if login and proxy.password():
        login += ":" + quote(proxy.password(), safe="")
    address = f"{scheme}://{login + '@' if login else ''}{proxy.hostName()}:{proxy.port()}"
    return {"HTTP_PROXY": address, "HTTPS_PROXY": address}
