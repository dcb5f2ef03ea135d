# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The JSON Schema of specifications is made from what the roles want, takes the inventories, and shows mistakes."""

from __future__ import annotations

import json
import typing as t

import jsonschema
import pytest
import yaml

from ansible_collections.calligo.baas.tests.support.collection import ROOT

SCHEMA = json.loads((ROOT / "docs" / "schemas" / "specification.json").read_text(encoding="utf-8"))
VALIDATOR = jsonschema.Draft7Validator(SCHEMA)
FILES = sorted([*ROOT.glob("inventories/*/host_vars/*/*.yml"), *ROOT.glob("inventories/*/group_vars/*/*.yml")])
TENANT = {"name": "A", "alias": "a", "region": "r", "contact": {"name": "B", "email": "b@a.example"}}


def plan(**parts: t.Any) -> dict[str, t.Any]:
    return {"baas_plans": [{"name": "p", "destinations": [{"name": "Primary", "storage_pool": "s"}], **parts}]}


def schedule(**frequency: t.Any) -> dict[str, t.Any]:
    return plan(schedules=[{"backup_type": "full", "frequency": frequency}])


def files(**parts: t.Any) -> dict[str, t.Any]:
    subclient = {"name": "d", "plan": "p", "content": ["D:\\"], **parts}
    return {"baas_file_backup": {"servers": [{"client": "c", "access": {"kind": "local"}, "subclients": [subclient]}]}}


def group(**parts: t.Any) -> dict[str, t.Any]:
    return {"baas_vm_backup": {"vcenter_folder": "T", "groups": [{"name": "g", "plan": "p", **parts}]}}


def test_it_is_up_to_date(monkeypatch: pytest.MonkeyPatch) -> None:
    """`make schema` writes it."""
    monkeypatch.syspath_prepend(str(ROOT / "tools"))
    import specification_schema

    assert specification_schema.FILE.read_text(encoding="utf-8") == specification_schema.text()


@pytest.mark.parametrize("file", FILES, ids=lambda file: "/".join(file.parts[-3:]))
def test_the_inventories_are_right(file: t.Any) -> None:
    VALIDATOR.validate(yaml.safe_load(file.read_text(encoding="utf-8")))


@pytest.mark.parametrize(
    "written",
    [
        *(plan(), schedule(type="daily", every="2", start_time="7:05"), files(vss="off"), files(vss=False), group(folders=[""])),
        *(group(backup_enabled=word) for word in (True, "no", "{{ switch }}")),
        {"baas_tenant": {**TENANT, "state": "{{ state }}"}, "anything": 1, "baas_throttle": 3},
        *({"baas_plans": "{{ plans }}"}, plan(sla_days=1)),
        *(plan(destinations=[{"name": "P", "storage_pool": "s", "retention_days": days}]) for days in (30, "30", "infinite", -1)),
    ],
)
def test_what_is_right_is_taken(written: dict[str, t.Any]) -> None:
    VALIDATOR.validate(written)


@pytest.mark.parametrize(
    ("written", "where"),
    [
        ({"baas_plan": []}, []),
        ({"baas_tenant": {**TENANT, "contakt": {}}}, ["baas_tenant"]),
        ({"baas_tenant": {key: TENANT[key] for key in ("name", "alias", "region")}}, ["baas_tenant"]),
        ({"baas_tenant": {**TENANT, "state": "stopped"}}, ["baas_tenant", "state"]),
        ({"baas_tenant": {**TENANT, "contact": {"name": "B", "email": "nobody"}}}, ["baas_tenant", "contact", "email"]),
        ({"baas_plans": {"name": "p"}}, ["baas_plans"]),
        (plan(sla_days="soon"), ["baas_plans", 0, "sla_days"]),
        (plan(destinations=[{"name": "P"}]), ["baas_plans", 0, "destinations", 0]),
        (
            plan(destinations=[{"name": "P", "storage_pool": "s", "retention_days": "3o"}]),
            ["baas_plans", 0, "destinations", 0, "retention_days"],
        ),
        (
            plan(destinations=[{"name": "P", "storage_pool": "s", "retention_days": 99999}]),
            ["baas_plans", 0, "destinations", 0, "retention_days"],
        ),
        (schedule(type="minuets"), ["baas_plans", 0, "schedules", 0, "frequency", "type"]),
        (schedule(type="daily", start_time=1260), ["baas_plans", 0, "schedules", 0, "frequency", "start_time"]),
        (schedule(type="daily", start_time="25:00"), ["baas_plans", 0, "schedules", 0, "frequency", "start_time"]),
        (files(content="D:\\"), ["baas_file_backup", "servers", 0, "subclients", 0, "content"]),
        (files(backup_enabled="maybe"), ["baas_file_backup", "servers", 0, "subclients", 0, "backup_enabled"]),
        (group(name_patterns=[{"condition": "like", "value": "x"}]), ["baas_vm_backup", "groups", 0, "name_patterns", 0, "condition"]),
        ({"baas_region": {"restore_test": {"netwrok": "x"}}}, ["baas_region", "restore_test"]),
    ],
)
def test_a_mistake_is_shown_where_it_stands(written: dict[str, t.Any], where: list[t.Any]) -> None:
    assert where in [list(error.absolute_path) for error in VALIDATOR.iter_errors(written)]
