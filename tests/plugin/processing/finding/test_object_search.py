"""What is searched for: labels of the model, whatever their case, and clear refusals."""

from __future__ import annotations

import pytest

from rsgpt_plugin.client.installed_models import ModelInfo
from rsgpt_plugin.errors import ModelError, QuestionError
from rsgpt_plugin.processing.finding import object_search
from rsgpt_plugin.processing.finding.object_search import WantedObjects
from rsgpt_plugin.shared.model_abilities import FinderInfo

FINDER = FinderInfo(("airplane", "car", "ship"), ("airplane", "car"), 640, 0.05, (127, 127, 127))
MODEL = ModelInfo("rsgpt-small", finder=FINDER)


def test_labels_are_those_of_the_model() -> None:
    assert WantedObjects(MODEL, ("Car", "car", "AIRPLANE")).completed().labels == ("car", "airplane")
    assert WantedObjects(MODEL).completed().labels == FINDER.labels
    assert WantedObjects(MODEL, is_boxed=True).completed().labels == FINDER.boxed
    assert WantedObjects(MODEL, ("ship", "car")).completed().describe() == "ship\ncar"


def test_other_nouns_mean_what_they_mean_on_the_command_line() -> None:
    assert WantedObjects(MODEL, ("Planes", "the boats", "aircraft")).completed().labels == ("airplane", "ship")


def test_what_the_model_cannot_do_is_refused() -> None:
    with pytest.raises(QuestionError, match="cannot find: zebra. It finds: airplane, car, ship"):
        WantedObjects(MODEL, ("zebra", "car")).completed()
    with pytest.raises(QuestionError, match="boxes of: ship"):
        WantedObjects(MODEL, ("ship",), is_boxed=True).completed()
    with pytest.raises(ModelError, match="The model llava cannot find objects"):
        WantedObjects(ModelInfo("llava")).completed()


def test_a_server_is_asked_what_its_model_finds(monkeypatch: pytest.MonkeyPatch) -> None:
    server = ModelInfo("mine", server="http://127.0.0.1:9/v1")
    assert not WantedObjects(server).is_known()
    monkeypatch.setattr(object_search, "identified_model", lambda model, feedback: MODEL)
    assert WantedObjects(server, ("car",)).completed().model == MODEL
