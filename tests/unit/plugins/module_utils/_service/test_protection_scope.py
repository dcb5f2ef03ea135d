# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest

from ansible_collections.calligo.baas.plugins.module_utils._service import protection_scope

ROOT = "Tenants/Acme"


def tenant(*groups):
    return {"host": "acme", "name": "Acme", "alias": "acme", "plans": [], "parts": [], "vms": {"folder": ROOT, "groups": list(groups)}}


def vm(name, folder=ROOT, **more):
    return {"name": name, "instance_uuid": f"uuid-{name}", "kind": "vm", "folder": folder, **more}


GROUP = {"name": "web", "plan": "gold", "vms": ["web-01", "web-02"], "backup_exceptions": [{"vm": "web-02", "reason": "Rebuilt from code"}]}


def test_each_vm_is_named_absent_or_unnamed():
    vms = [vm("web-01"), vm("WEB-02"), vm("stray"), vm("proxy", "Provider"), vm("other", "Tenants/Boreal"), vm("vcls", kind="agent")]
    seen = protection_scope.compare([tenant(GROUP, {**GROUP, "name": "more", "vms": ["gone"]})], vms, ["Provider"])
    assert {system.name: system.exception for system in seen.systems.values()} == {"web-01": "", "WEB-02": "Rebuilt from code"}
    assert [(one["tenant"], one["name"]) for one in seen.unnamed] == [("acme", "stray"), (None, "other")]
    assert {one["name"] for one in seen.absent} == {"gone", "web-02"}


def test_what_a_group_excludes_is_named_and_needs_nothing():
    group = {"name": "all", "plan": "gold", "folders": [""], "exclude": {"vms": ["scratch"]}}
    seen = protection_scope.compare([tenant(group)], [vm("web-01"), vm("scratch")])
    assert [system.name for system in seen.systems.values()] == ["web-01"] and seen.unnamed == []


def test_a_vm_that_the_vcenter_does_not_tell_enough_of_is_a_problem():
    seen = protection_scope.compare([tenant({**GROUP, "vms": [], "tags": ["Backup/Gold"]})], [vm("web-01")])
    assert seen.systems == {} and "web-01" in seen.problems[0]


@pytest.mark.parametrize(
    ("schedules", "rpo"),
    [
        ([{"type": "daily", "every": 1}, {"type": "weekly", "days": ["saturday"]}], 86400),
        ([{"type": "minutes", "every": 240}], 14400),
        ([{"type": "weekly", "days": ["monday", "friday"]}], 4 * 86400),
        ([{"type": "automatic"}], None),
        ([], None),
    ],
)
def test_a_plans_rpo_is_the_longest_wait_of_its_most_frequent_schedule(schedules, rpo):
    variables = {
        "acme": {
            "baas_tenant": {"name": "Acme", "alias": "acme", "region": "lux"},
            "baas_plans": [{"name": "gold", "schedules": [{"frequency": frequency} for frequency in schedules]}],
        }
    }
    (scope,) = protection_scope.scope(variables, ["acme"])
    assert scope["plans"] == [{"name": "gold", "sla_days": 30, "rpo_seconds": rpo}]
