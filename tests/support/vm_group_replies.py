# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Replies of the API about one VM group, for scripted answers."""

from __future__ import annotations

import typing as t

import pytest

from ansible_collections.calligo.baas.tests.support.scripted_http import ScriptedHttp

Json = dict[str, t.Any]
MODULE = "commvault_vm_group"
WEB = {"name": "web01", "uuid": "503b1d0a-1111-2222-3333-444455556666"}
DB = {"name": "db01", "uuid": "503b1d0a-7777-8888-9999-444455556666"}
WEB_ENTRY = {"name": "web01", "GUID": WEB["uuid"], "type": "VM"}
DB_ENTRY = {"name": "db01", "GUID": DB["uuid"], "type": "VM", "existingCredential": {"credentialId": 8}}
HYPERVISORS = {"Hypervisors": [{"id": 10, "name": "vc01", "displayName": "vCenter 1", "status": "UNKNOWN"}]}
PLANS = {"plans": [{"plan": {"id": 7, "name": "Gold"}}, {"plan": {"id": 8, "name": "Silver"}}]}
LABEL = {"type": "label", "value": "Hard disk 2"}
DISK = {"filterType": "DISK_LABEL", "condition": "EQUALS", "name": "Hard disk 2", "value": "Hard disk 2", "vmName": "", "vmGuid": ""}
CREDENTIALS = {"credentialManager": [{"id": 8, "name": "guests"}, {"id": 9, "name": "Other"}]}
AWARE = {"vmBackupType": "APPLICATION_AWARE", "isApplicationAware": True}
GUESTS = {"guestCredentials": {"savedCredentials": {"id": 8, "name": "guests"}}}


def detail(
    content: t.Sequence[Json] = (WEB_ENTRY, DB_ENTRY),
    plan: str = "Gold",
    default: bool = False,
    groups: t.Sequence[Json] = (),
    filters: Json | None = None,
    disks: t.Sequence[Json] = (),
    **settings: t.Any,
) -> Json:
    """GET V4/VmGroup/40. disks: the rules of its disk filters; settings: those that are not the defaults."""
    return {
        "id": 40,
        "name": "web",
        "status": 0,
        "summary": {"hypervisorName": "vc01", "isDefaultVMGroup": default, "plan": {"id": 7, "name": plan} if plan else {}},
        "content": [{"overwrite": False, "virtualMachines": list(content), "ruleGroups": list(groups)}],
        "filters": [filters or {"overwrite": False, "virtualMachines": [], "ruleGroups": []}],
        "diskFilters": [{"overwrite": False, "rules": list(disks)}],
        "settings": {
            "vmBackupType": "FILE_SYSTEM_AND_APPLICATION_CONSISTENT",
            "isApplicationAware": False,
            "guestCredentials": {},
            **settings,
        },
        "activityControl": {"enableBackup": True, "enableRestore": False},
    }


def answering(monkeypatch: pytest.MonkeyPatch) -> ScriptedHttp:
    """A server with two hypervisors, two plans, two credentials and that group."""
    scripted = ScriptedHttp(monkeypatch)
    scripted.on("GET", "/V4/Hypervisor", HYPERVISORS)
    scripted.on("GET", "/V4/Hypervisor/10", {"id": 10, "settings": {"guestCredentials": {}}})
    scripted.on("GET", "/V4/Plan/Summary", PLANS)
    scripted.on("GET", "/V4/Credential", CREDENTIALS)
    # On live servers the identity was seen below vmGroup only; a filter may be ignored, so that other hypervisors' groups are listed too.
    other = {"vmGroup": {"id": 39, "name": "web"}, "hypervisor": {"id": 9, "name": "vc00"}}
    scripted.on(
        "GET", "/V4/VMGroups", {"vmGroups": [other, {"vmGroup": {"id": 40, "name": "web"}, "hypervisor": {"id": 10, "name": "vc01"}}]}
    )
    scripted.on("GET", "/V4/VmGroup/40", detail())
    scripted.on("PUT", "/V4/VmGroup/40", {"errorCode": 0})
    return scripted


def run(http: ScriptedHttp, **options: t.Any) -> Json:
    """Run the module for that group; check: in check mode."""
    check = options.pop("check", False)
    return http.run(MODULE, {"name": "web", "hypervisor": "vc01", **options}, check=check)


def empty(http: ScriptedHttp) -> None:
    """Let there be no groups: the server answers 404 then."""
    http.on("GET", "/V4/VMGroups", (404, {"errorCode": 404, "errorMessage": "requested details not found"}))
