# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import typing as t

import pytest

from ansible_collections.calligo.baas.plugins.module_utils._service import file_protection, population, protection, sql_protection

ROOT = "Tenants/Acme Sàrl"
IDS = {ROOT: "group-1", f"{ROOT}/Web": "group-2"}


def vm(name: str, folder: str = ROOT, **values: t.Any) -> dict[str, t.Any]:
    return {"name": name, "folder": folder, "instance_uuid": f"uuid-{name}", **values}


VMS = [vm("acme-web-01", f"{ROOT}/Web"), vm("acme-db-01"), vm("Other", "Tenants/Acme Sàrl 2"), vm("acme-spy", "Tenants/Boréal")]


def names(group: dict[str, t.Any], vms: list[dict[str, t.Any]] | None = None) -> list[str]:
    return [member["name"] for member in protection.members(VMS if vms is None else vms, group, ROOT)]


@pytest.mark.parametrize(
    ("group", "members"),
    [
        ({"folders": [""]}, ["acme-web-01", "acme-db-01"]),
        ({"folders": ["Web"]}, ["acme-web-01"]),
        ({"vms": ["ACME-db-01", "Other"]}, ["acme-db-01"]),
        ({"name_patterns": [{"condition": "starts_with", "value": "ACME"}]}, ["acme-web-01", "acme-db-01"]),
        ({"name_patterns": [{"condition": "contains", "value": "web"}, {"condition": "ends_with", "value": "02"}]}, []),
        ({"name_patterns": [{"condition": "contains", "value": "-"}], "folders": ["Web"]}, ["acme-web-01"]),
        ({"folders": [""], "exclude": {"folders": ["Web"]}}, ["acme-db-01"]),
        ({"folders": [""], "exclude": {"name_patterns": [{"condition": "equals", "value": "acme-DB-01"}]}}, ["acme-web-01"]),
        ({"folders": [""], "exclude": {"vms": ["acme-db-01"]}}, ["acme-web-01"]),
        ({}, []),
    ],
)
def test_members_never_leave_the_tenants_folder(group: dict[str, t.Any], members: list[str]) -> None:
    assert names(group) == members


def given(group: dict[str, t.Any], native_rules: bool = False) -> dict[str, t.Any]:
    (made,) = protection.vm_groups(VMS, [group], ROOT, IDS, native_rules)
    return made


def tags(*names: str) -> list[dict[str, str]]:
    return [dict(zip(("category", "name"), name.split("/"), strict=True)) for name in names]


def test_tags_must_all_be_there() -> None:
    vms = [vm("a", tags=tags("Backup/Gold", "Tier/1")), vm("b", tags=tags("Backup/Gold")), vm("c", tags=[])]
    assert names({"tags": ["Backup/Gold", "Tier/1"]}, vms) == ["a"]
    assert names({"folders": [""], "exclude": {"tags": ["Backup/Gold"]}}, vms) == ["c"]


def test_tags_that_are_not_known_are_an_error() -> None:
    with pytest.raises(ValueError, match="tags of 'a' are not known"):
        names({"tags": ["Backup/Gold"]}, [vm("a", tags=None)])


def test_tags_are_only_asked_for_where_they_are_needed() -> None:
    assert protection.fields([{"folders": [""]}, {"exclude": {"vms": ["a"]}}]) == ["instance_uuid", "kind", "folder"]
    assert protection.fields([{}, {"tags": ["Backup/Gold"]}]) == ["instance_uuid", "kind", "folder", "tags"]
    assert protection.fields([{"exclude": {"tags": ["Backup/Gold"]}}]) == ["instance_uuid", "kind", "folder", "tags"]


def unread(name: str, folder: str | None = ROOT) -> dict[str, t.Any]:
    """As vCenter tells a VM that is inaccessible: it has a name and a place, and no configuration."""
    return vm(name, folder, instance_uuid=None, kind=None)  # type: ignore[arg-type]


@pytest.mark.parametrize("group", [{"folders": [""]}, {"vms": ["lost"]}, {"name_patterns": [{"condition": "starts_with", "value": "l"}]}])
def test_a_vm_that_cannot_be_read_has_no_uuid_and_is_never_called_none(group: dict[str, t.Any]) -> None:
    group = {"name": "acme", **group}
    with pytest.raises(ValueError, match="VM group acme: vCenter does not tell the instance UUID of the VM 'lost'"):
        protection.vm_groups([*VMS, unread("lost")], [group], ROOT, IDS)
    tenant = {
        "host": "acme",
        "name": "Acme",
        "alias": "acme",
        "vms": [unread("lost")],
        "vm_backup": {"vcenter_folder": ROOT, "groups": [group]},
    }
    with pytest.raises(ValueError, match="'lost'"):
        population.vm_systems([tenant])


def test_a_vm_whose_folder_is_not_known_is_not_taken_to_lie_elsewhere() -> None:
    with pytest.raises(ValueError, match="does not tell the folder of the VM 'lost'"):
        names({"folders": [""]}, [*VMS, vm("lost", None)])  # type: ignore[arg-type]


@pytest.mark.parametrize("kind", ["agent", "secondary"])
def test_what_vsphere_makes_for_itself_is_never_protected(kind: str) -> None:
    vms = [vm("a", kind="vm"), vm("b", kind="template"), vm("own", kind=kind)]
    (made,) = protection.vm_groups(vms, [{"name": "acme", "folders": [""]}], ROOT, IDS)
    assert [member["name"] for member in made["members"]] == ["a", "b"]
    assert [entry["name"] for entry in made["filters"]["vms"]] == ["own"]
    with pytest.raises(ValueError, match="no VMs below"):
        protection.vm_groups(vms, [{"name": "acme", "vms": ["own"]}], ROOT, IDS)


def test_a_list_is_given_as_objects() -> None:
    group = {"name": "acme", "plan": "gold", "vms": ["acme-db-01"], "folders": ["Web"], "exclude": {"vms": ["acme-web-01", "gone"]}}
    made = given(group)
    assert made["content"] == {
        "vms": [{"name": "acme-db-01", "uuid": "uuid-acme-db-01"}],
        "folders": [{"name": f"{ROOT}/Web", "id": "group-2"}],
    }
    assert made["filters"]["vms"] == [{"name": "acme-web-01", "uuid": "uuid-acme-web-01"}]
    assert made["members"] == [{"name": "acme-db-01", "uuid": "uuid-acme-db-01"}]
    assert {key: made[key] for key in group} == group


def test_a_rule_is_worked_out_inside_the_tenants_folder() -> None:
    group = {"name_patterns": [{"condition": "starts_with", "value": "acme"}]}
    assert [item["name"] for item in given(group)["content"]["vms"]] == ["acme-web-01", "acme-db-01"]


def test_a_native_rule_is_given_as_it_is() -> None:
    vms = [vm("x", tags=tags("Tenant/Acme"))]
    group = {"tags": ["Tenant/Acme"], "name_patterns": [{"condition": "contains", "value": "x"}]}
    (made,) = protection.vm_groups(vms, [group], ROOT, IDS, native_rules=True)
    rule = {"tags": [{"name": "Tenant/Acme"}], "name_patterns": [{"condition": "contains", "value": "x"}], "match": "all"}
    assert (made["content"], made["members"]) == (rule, [{"name": "x", "uuid": "uuid-x"}])


@pytest.mark.parametrize(
    ("group", "message"),
    [
        ({"vms": ["acme-spy"]}, "no VMs below .* are named 'acme-spy'"),
        ({"folders": ["Gone"]}, "no folder 'Tenants/Acme Sàrl/Gone'"),
        ({"tags": ["Backup/Gold"]}, "are not known"),
        ({"name_patterns": [{"condition": "equals", "value": "nothing"}]}, "no VM below"),
        ({"vms": ["acme-db-01"], "tags": ["a"]}, "make two groups"),
    ],
)
def test_what_cannot_be_given_is_refused(group: dict[str, t.Any], message: str) -> None:
    with pytest.raises(ValueError, match=f"VM group acme-vms: .*{message}"):
        protection.vm_groups(VMS, [{"name": "other", "folders": [""]}, {"name": "acme-vms", **group}], ROOT, IDS)


def test_the_population_has_each_system_once_under_a_stable_identifier() -> None:
    tenant = {
        "host": "acme",
        "name": "Acme Sàrl",
        "alias": "acme",
        "vms": VMS,
        "vm_backup": {"vcenter_folder": ROOT, "groups": [{"name": "all", "folders": [""]}, {"name": "web", "folders": ["Web"]}]},
        "file_backup": {"servers": [{"client": "fs01", "subclients": [{"name": "data"}, {"name": "büro"}]}]},
    }
    empty = {"host": "other", "name": "Other", "alias": "other"}
    assert [system["id"] for system in population.vm_systems([tenant, empty])] == ["vm/acme/uuid-acme-db-01", "vm/acme/uuid-acme-web-01"]
    assert [system["id"] for system in population.file_systems([tenant, empty])] == ["files/acme/fs01/büro", "files/acme/fs01/data"]


def test_what_the_specification_excepts_needs_no_backup_and_is_not_drawn() -> None:
    group = {"name": "all", "folders": [""], "backup_exceptions": [{"vm": "ACME-db-01", "reason": "Raw device"}]}
    made = given(group)
    assert [vm["name"] for vm in made["members"]] == ["acme-web-01"]
    assert made["content"]["folders"] and made["filters"]["vms"] == [], "it is backed up all the same"
    subclients = [
        {"name": "data", "plan": "p", "content": ["D:\\"]},
        {"name": "locked", "plan": "p", "content": ["E:\\"], "backup_exception": "Locked"},
    ]
    servers = [{"client": "fs01", "subclients": subclients}]
    assert [len(file_protection.subclients(servers, [], required=required)) for required in (False, True)] == [2, 1]
    instances = [
        {"name": "PROD", "plan": "p", "backup_exception": "Test", "subclients": [{"name": "sales", "plan": "p", "databases": ["Sales"]}]}
    ]
    sql = [{"client": "sql01", "instances": instances}]
    assert sql_protection.targets(sql) == [{"client": "sql01", "instance": "PROD", "name": "sales"}]
    specification = {"file_backup": {"servers": servers}, "sql_backup": {"servers": sql}}
    tenant = {
        "host": "acme",
        "name": "Acme",
        "alias": "acme",
        "vms": VMS,
        "vm_backup": {"vcenter_folder": ROOT, "groups": [group]},
        **specification,
    }
    drawn = [*population.vm_systems([tenant]), *population.file_systems([tenant]), *population.sql_systems([tenant])]
    assert [system["id"] for system in drawn] == ["vm/acme/uuid-acme-web-01", "files/acme/fs01/data"]
    assert [(row["kind"], row["name"], row["reason"]) for row in population.exceptions([tenant])] == [
        ("vm", "ACME-db-01", "Raw device"),
        ("file", "fs01, locked", "Locked"),
        ("database", "sql01, PROD, default", "Test"),
    ]


@pytest.mark.parametrize("name", ["acme-old", "acme-spy"])
def test_an_exception_that_is_about_nothing_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match=f"backup_exceptions name '{name}', but no VMs of the group"):
        given({"name": "all", "folders": [""], "backup_exceptions": [{"vm": name, "reason": "x"}]})
