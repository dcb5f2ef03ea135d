# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest

from ansible_collections.calligo.baas.tests.support.vm_group_replies import (
    AWARE,
    DISK,
    GUESTS,
    LABEL,
    WEB,
    answering,
    detail,
    empty,
    run,
)


@pytest.fixture
def http(monkeypatch):
    return answering(monkeypatch)


def test_disk_filters_are_set_as_a_whole(http):
    foreign = {"filterType": "DISK_TAG", "name": "backup", "value": "no"}
    http.on("GET", "/V4/VmGroup/40", detail(disks=[foreign]), detail(disks=[DISK]))
    assert run(http, plan="gold")["changed"] is False, "not given, not touched"
    http.on("GET", "/V4/VmGroup/40", detail(disks=[foreign]), detail(disks=[DISK]))
    result = run(http, disk_filters=[LABEL])
    assert result["diff"]["before"]["disk_filters"] == [{"type": "other", "rule": foreign}]
    assert result["vm_group"]["disk_filters"] == [{**LABEL, "condition": "equals", "vm": None}]
    assert http.writes[0].body == {"diskFilters": {"overwrite": True, "rules": [DISK]}} and "warnings" not in result
    http.on("GET", "/V4/VmGroup/40", detail(disks=[foreign]), detail())
    assert run(http, disk_filters=[])["changed"] is True
    assert http.writes[-1].body == {"diskFilters": {"overwrite": True, "rules": []}}
    result = run(http, disk_filters=[{**LABEL, "type": "pattern", "condition": "contains"}], check=True)
    assert result["failed"] and "disk filter 1" in result["msg"]
    result = run(http, disk_filters=[{**LABEL, "vm": {}}])
    assert result["failed"] and "uuid, name" in result["msg"]


@pytest.mark.parametrize("check", [True, False])
def test_application_aware_without_a_login_to_the_guests_is_refused(http, check):
    result = run(http, consistency="application_aware", check=check)
    assert result["error"]["kind"] == "Refused" and "Give guest_credential" in result["msg"]
    empty(http)
    result = run(http, content={"vms": [WEB]}, consistency="application_aware", check=check)
    assert result["error"]["kind"] == "Refused" and http.writes == []


@pytest.mark.parametrize("login", [GUESTS, {"guestCredentials": {"credentials": {"name": "root"}}}])
def test_a_login_that_the_group_has_is_enough(http, login):
    http.on("GET", "/V4/VmGroup/40", detail(**login), detail(**AWARE, **login))
    assert run(http, consistency="application_aware")["changed"] is True
    assert http.writes[0].body == {"settings": AWARE}


@pytest.mark.parametrize("login", [{"id": 8, "name": "guests"}, {"savedCredentials": {"id": 8}}])
def test_a_login_of_the_hypervisor_is_enough(http, login):
    http.on("GET", "/V4/Hypervisor/10", {"id": 10, "settings": {"guestCredentials": login}})
    http.on("GET", "/V4/VmGroup/40", detail(), detail(**AWARE))
    assert run(http, consistency="application_aware")["changed"] is True
    assert http.writes[0].body == {"settings": AWARE}


def test_a_guest_credential_is_compared_by_name_and_written_with_its_id(http):
    http.on("GET", "/V4/VmGroup/40", detail(**AWARE, **GUESTS))
    assert run(http, consistency="application_aware", guest_credential="Guests")["changed"] is False
    other = {"guestCredentials": {"savedCredentials": {"id": 9, "name": "Other"}}}
    http.on("GET", "/V4/VmGroup/40", detail(**AWARE, **GUESTS), detail(**AWARE, **other))
    result = run(http, guest_credential="other")
    assert http.writes[0].body == {"settings": other} and result["vm_group"]["guest_credential"] == "Other"
    http.on("GET", "/V4/VmGroup/40", detail(**AWARE, guestCredentials={"savedCredentials": {"id": 8}}))
    assert run(http, guest_credential="guests")["changed"] is False
    http.on("GET", "/V4/Credential", {"credentialManager": []})
    assert run(http)["vm_group"]["guest_credential"] == "id 8"


def test_a_guest_credential_that_would_not_be_used_or_does_not_exist_is_refused(http):
    result = run(http, guest_credential="guests")
    assert result["error"]["kind"] == "InputError" and "its consistency is filesystem_and_application" in result["msg"]
    result = run(http, guest_credential="nosuch", consistency="application_aware")
    assert 'credential "nosuch" does not exist' in result["msg"] and http.writes == []
    result = run(http, guest_credential="nosuch", consistency="application_aware", check=True)
    assert result["changed"] is True and "nosuch" in str(result["warnings"])


def test_a_server_that_shows_no_guest_login_is_written_to_once(http):
    def untold(**settings):
        row = detail(**settings)
        del row["settings"]["guestCredentials"]
        return row

    wish = {"consistency": "application_aware", "guest_credential": "guests"}
    http.on("GET", "/V4/VmGroup/40", untold(), untold(**AWARE))
    result = run(http, **wish)
    assert http.writes[0].body == {"settings": {**AWARE, **GUESTS}} and "guest_credential" in str(result["warnings"])
    http.on("GET", "/V4/VmGroup/40", untold(**AWARE))
    result = run(http, **wish)
    assert result["changed"] is False and 'taken to be "guests"' in str(result["warnings"])
    http.on("GET", "/V4/VmGroup/40", untold(), untold(**AWARE))
    result = run(http, consistency="application_aware")
    assert result["changed"] is True and "Give guest_credential to be sure" in str(result["warnings"])


def test_a_group_is_renamed_once(http):
    http.on("GET", "/V4/VmGroup/40", detail(), {**detail(), "name": "Web 2"})
    result = run(http, new_name="Web 2")
    assert http.writes[0].body == {"newName": "Web 2"} and result["vm_group"]["name"] == "Web 2"
    assert (result["diff"]["before"]["name"], result["diff"]["after"]["name"]) == ("web", "Web 2")
    http.on("GET", "/V4/VmGroup/40", detail())
    assert run(http, name="old", new_name="web")["changed"] is False
    assert run(http, name="WEB")["vm_group"]["name"] == "web"
    assert run(http, name="old", new_name="web", state="absent")["changed"] is False


def test_a_name_that_another_group_has_is_not_given(http):
    rows = [{"vmGroup": {"id": number, "name": name}, "hypervisor": {"id": 10}} for number, name in ((40, "web"), (41, "db"))]
    http.on("GET", "/V4/VMGroups", {"vmGroups": rows})
    result = run(http, new_name="DB", check=True)
    assert result["error"]["kind"] == "Refused" and 'cannot be called "DB"' in result["msg"]
