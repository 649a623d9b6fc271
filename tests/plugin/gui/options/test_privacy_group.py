"""Hosts that may receive pictures are listed, and permission is revoked only when the options are applied."""

from __future__ import annotations

from dataclasses import replace

import pytest
from qgis.PyQt.QtCore import Qt
from qgis.PyQt.QtTest import QTest

from rsgpt_plugin.client.preferences import Preferences, load, save
from rsgpt_plugin.gui.options.options_page import OptionsFactory
from rsgpt_plugin.gui.options.privacy_group import PrivacyGroup

HOSTS = ("https://a.example:443", "http://b.example:80", "http://c.example:80")
ALLOWED = replace(Preferences(), allowed_hosts=HOSTS, threads=3)


@pytest.fixture
def group(qgis_app: object) -> PrivacyGroup:
    return PrivacyGroup()


def listed(group: PrivacyGroup) -> list[str]:
    return [group.hosts.item(row).text() for row in range(group.hosts.count())]


def revoke(group: PrivacyGroup, row: int) -> None:
    group.hosts.setCurrentRow(row)
    assert group.revoke.isEnabled()
    QTest.mouseClick(group.revoke, Qt.MouseButton.LeftButton)


def test_permission_for_a_host_can_be_revoked(settings: None) -> None:
    save(ALLOWED)
    shown = OptionsFactory(lambda opened: None).createWidget(None)
    revoke(shown.privacy, 0)
    assert load().allowed_hosts == HOSTS
    shown.apply()
    assert load().allowed_hosts == HOSTS[1:]


def test_allowed_hosts_are_listed_in_their_order(group: PrivacyGroup) -> None:
    group.show_preferences(ALLOWED)
    assert listed(group) == list(HOSTS)
    assert group.none.isHidden()
    assert not group.revoke.isEnabled()  # before a host is selected
    group.show_preferences(ALLOWED)
    assert listed(group) == list(HOSTS)


def test_without_a_host_there_is_nothing_to_revoke(group: PrivacyGroup) -> None:
    group.show_preferences(Preferences())
    assert not group.none.isHidden()
    assert group.hosts.isHidden()
    assert group.revoke.isHidden()


def test_the_last_host_can_be_revoked(group: PrivacyGroup) -> None:
    group.show_preferences(replace(ALLOWED, allowed_hosts=HOSTS[:1]))
    revoke(group, 0)
    assert group.hosts.isHidden()
    assert not group.none.isHidden()
    assert group.updated(ALLOWED).allowed_hosts == HOSTS[1:]


def test_unchanged_preferences_are_returned_as_they_are(group: PrivacyGroup) -> None:
    group.show_preferences(ALLOWED)
    assert group.updated(ALLOWED) == ALLOWED


def test_only_revoked_hosts_are_removed(group: PrivacyGroup) -> None:
    group.show_preferences(ALLOWED)
    revoke(group, 1)
    later = replace(ALLOWED, allowed_hosts=(*HOSTS, "http://new.example:80"))  # allowed in another dialog meanwhile
    assert group.updated(later) == replace(later, allowed_hosts=(HOSTS[0], HOSTS[2], "http://new.example:80"))
