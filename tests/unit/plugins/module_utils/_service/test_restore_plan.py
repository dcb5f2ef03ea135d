# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import typing as t

import pytest

from ansible_collections.calligo.baas.plugins.module_utils._service import restore_plan, sampling

Json = dict[str, t.Any]
RUN: Json = {
    "id": "0badcafe",
    "region": "luxembourg",
    "period": "2026-11",
    "salt": "s",
    "seed": "",
    "target": {
        "file_path": "E:\\Restore\\",
        "file_access": {"kind": "local", "drives": {"e": "/srv/restore/E/"}},
        "sql_client": "sql-restore",
        "sql_instance": "RESTORE",
        "sql_path": "E:\\SQL",
        "sql_access": {"kind": "local", "databases": "/sql"},
    },
}
FILES = {"servers": [{"client": "fs01", "subclients": [{"name": "data"}]}]}
SQL = {"servers": [{"client": "sql01", "instances": [{"name": "PROD"}]}]}
VMS = {"vcenter_folder": "Tenants/Acme", "groups": [{"name": "all", "folders": [""], "exclude": {"tags": ["Backup/No"]}}]}
ACME: Json = {"host": "acme", "name": "Acme", "alias": "acme", "region": "luxembourg", "vm_backup": VMS, "file_backup": FILES}
BETA: Json = {"host": "beta", "name": "Beta", "alias": "beta", "region": "luxembourg", "sql_backup": SQL}
SEEN: list[Json] = [{"name": name, "folder": "Tenants/Acme", "instance_uuid": name, "tags": []} for name in ("web", "db")]


def read(*problems: str) -> list[Json]:
    return [{"ansible_facts": {"vcenter_vms": SEEN, "vcenter_vms_problems": list(problems)}}]


def run(**values: t.Any) -> Json:
    return {**RUN, **values}


def test_only_tenants_with_vm_groups_are_read_and_tags_only_where_they_count() -> None:
    plan = restore_plan.plan([ACME, BETA], RUN)
    assert plan["reads"] == [{"name": "Acme", "folder": "Tenants/Acme", "fields": ["instance_uuid", "kind", "folder", "tags"]}]
    assert plan["problems"] == [] and plan["sql"] and plan["run"] == RUN
    assert "population" not in plan


def test_without_specifications_the_inventory_tells_them() -> None:
    tenant = {"name": "Acme", "alias": "acme", "region": "luxembourg", "contact": {"name": "x", "email": "x@acme.example"}}
    variables = {"acme": {"baas_tenant": tenant, "baas_vm_backup": VMS}, "other": {}}
    plan = restore_plan.plan([], RUN, variables, ["acme"], read())
    assert plan["population"]["tenants"] == ["Acme"]
    assert plan["population"]["systems"] == ["vm/acme/db", "vm/acme/web"]


def test_what_the_inventory_misspells_is_not_left_out_of_the_draw() -> None:
    tenant = {"name": "Acme", "alias": "acme", "region": "luxembourg"}
    with pytest.raises(ValueError, match=r"acme: baas_file_backups is no variable of this collection\. Did you mean baas_file_backup\?"):
        restore_plan.plan([], RUN, {"acme": {"baas_tenant": tenant, "baas_file_backups": {}}}, ["acme"])


def test_a_tenant_whose_service_has_ended_has_nothing_to_draw() -> None:
    tenant = {"name": "Acme", "alias": "acme", "region": "luxembourg", "state": "ended"}
    assert restore_plan.plan([], RUN, {"acme": {"baas_tenant": tenant, "baas_vm_backup": VMS}}, ["acme"])["tenants"] == []


def test_one_of_each_kind_is_drawn_as_an_auditor_draws_it() -> None:
    plan = restore_plan.plan([ACME, BETA], RUN, read=read())
    systems = ["files/acme/fs01/data", "sql/beta/sql01/PROD", "vm/acme/db", "vm/acme/web"]
    seed = sampling.seed_of("luxembourg", "2026-11", systems, "s")
    assert plan["population"] == {"size": 4, "hash": sampling.population_hash(systems), "systems": systems, "tenants": ["Acme", "Beta"]}
    assert plan["draw"] == {"selector": sampling.SELECTOR, "seed": seed, "seed_given": False, "salt": "s"}
    assert plan["vm"]["id"] == sampling.draw(seed, systems[2:])[0]
    assert (plan["file"]["client"], plan["database"]["instance"]) == ("fs01", "PROD")


def test_a_beacon_is_part_of_the_draw_and_named() -> None:
    plan = restore_plan.plan([ACME], run(beacon="drand 7 ab"), read=read())
    systems = plan["population"]["systems"]
    seed = sampling.seed_of("luxembourg", "2026-11", systems, "s", "drand 7 ab")
    assert plan["draw"] == {"selector": "sha256-rank/2", "seed": seed, "seed_given": False, "salt": "s", "beacon": "drand 7 ab"}


def test_a_given_seed_repeats_its_draw() -> None:
    draws = {seed: restore_plan.plan([ACME], run(seed=seed), read=read()) for seed in (character * 64 for character in "0123456789abcdef")}
    assert {plan["vm"]["name"] for plan in draws.values()} == {"web", "db"}
    for seed, plan in draws.items():
        assert plan["draw"]["seed"] == seed and plan["draw"]["seed_given"]


def test_what_there_is_none_of_is_not_drawn() -> None:
    plan = restore_plan.plan([BETA], RUN, read=[])
    assert plan["vm"] is None and plan["file"] is None and plan["problems"] == []


def test_an_empty_region_is_a_problem() -> None:
    plan = restore_plan.plan([{**BETA, "sql_backup": {}}], RUN, read=[])
    assert plan["problems"] == [
        "No tenant of the region luxembourg has a VM, a file server or a database to draw from. Check the groups of the inventory."
    ]


def test_nothing_is_drawn_from_a_part_of_the_vms() -> None:
    plan = restore_plan.plan([ACME], RUN, read=read("Tags could not be read.", "and more"))
    assert plan["problems"][1:-1] == ["Acme: Tags could not be read.", "Acme: and more"]
    assert "vm" not in plan


def test_results_that_are_not_those_of_the_tenants_are_refused() -> None:
    with pytest.raises(ValueError, match="zip"):
        restore_plan.plan([ACME], RUN, read=[])


@pytest.mark.parametrize(
    ("tenant", "values", "words"),
    [
        (ACME, {"period": "2026-13"}, "restore_test_period must be YYYY-MM."),
        (ACME, {"seed": "abc"}, "restore_test_seed must be 64 hexadecimal digits or empty."),
        (ACME, {"beacon": "a|b"}, "restore_test_beacon must be one line of at most 200 characters without |."),
        (ACME, {"region": "jersey"}, "The data of Acme must stay in another region than jersey. Correct the groups of the inventory."),
        (
            BETA,
            {"target": {**RUN["target"], "sql_access": None}},
            "There are databases to test, but the region luxembourg has no SQL Server",
        ),
        (
            ACME,
            {"target": {**RUN["target"], "file_path": "F:\\x"}},
            "is on drive F, for which the access says no directory. Correct file_path",
        ),
        (ACME, {"target": {**RUN["target"], "file_access": {"kind": "local"}}}, "the access says no drives. Correct file_path"),
    ],
)
def test_what_stands_in_the_way_is_told_before_anything_is_read(tenant: Json, values: Json, words: str) -> None:
    (problem,) = restore_plan.plan([tenant], run(**values))["problems"]
    assert words in problem


def test_the_file_goes_to_a_folder_of_this_run() -> None:
    path = "E:\\Restore\\rt-2026-11-0badcafe"
    assert restore_plan.plan([ACME], RUN)["place"] == {"path": path, "local": "/srv/restore/E/Restore/rt-2026-11-0badcafe"}
    elsewhere = {**RUN["target"], "file_access": {"kind": "windows", "host": "restore01"}}
    assert restore_plan.plan([ACME], run(target=elsewhere))["place"] == {"path": path, "local": ""}
