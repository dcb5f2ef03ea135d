# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Random damage to a good specification is found, a good one has no findings, and what is encrypted is in none."""

from __future__ import annotations

import copy
import json
import typing as t

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ansible_collections.calligo.baas.plugins.module_utils._service import specification
from ansible_collections.calligo.baas.plugins.module_utils._service.specification_shape import Finding, Given, wrapped
from ansible_collections.calligo.baas.tests.support.collection import ROOT

DEMO = ROOT / "inventories" / "demo"
TENANTS = {"acme": "luxembourg", "cafe_mueller": "luxembourg", "boreal": "jersey"}
HERE = Given(None, "here.yml", 1)
Inventory = dict[str, dict[str, t.Any]]


def blocks(*folders: str) -> dict[str, t.Any]:
    files = [file for folder in folders for file in sorted((DEMO / folder).glob("*.yml"))]
    return {name: value for file in files for name, value in yaml.safe_load(file.read_text(encoding="utf-8")).items()}


GOOD: Inventory = {
    **{name: blocks(f"group_vars/region_{region}", f"host_vars/{name}") for name, region in TENANTS.items()},
    **{name: blocks(f"group_vars/region_{name}") for name in ("luxembourg", "jersey")},
}


def findings(inventory: Inventory, *asked: str, hosts: t.Iterable[str] = ()) -> list[Finding]:
    known = {name: specification.host({key: wrapped(value, HERE) for key, value in found.items()}) for name, found in inventory.items()}
    known |= {name: specification.host({}) for name in hosts}
    return specification.findings(known, [*TENANTS], ["luxembourg", "jersey"], asked or [*inventory])


def damaged(*path: t.Any, to: t.Any = None, host: str = "acme") -> Inventory:
    """The good inventory with one part of one host another, or gone without ``to``."""
    inventory = copy.deepcopy(GOOD)
    row: t.Any = inventory[host]
    for name in path[:-1]:
        row = row[name]
    if to is None:
        del row[path[-1]]
    else:
        row[path[-1]] = to
    return inventory


def leaves(value: t.Any, path: tuple[t.Any, ...] = ()) -> t.Iterator[tuple[t.Any, ...]]:
    parts = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for name, part in parts:
        yield (*path, name)
        yield from leaves(part, (*path, name))


def at(path: tuple[t.Any, ...], host: str = "acme") -> t.Any:
    value: t.Any = GOOD[host]
    for name in path:
        value = value[name]
    return value


def test_the_specifications_of_the_demo_are_good() -> None:
    assert findings(GOOD) == []


def test_text_means_the_same() -> None:
    """As the command line, surveys and runners give it."""
    texts = {
        host: {name: block if isinstance(block, list) else json.dumps(block) for name, block in known.items()}
        for host, known in GOOD.items()
    }
    assert findings(texts) == []
    bad = {**texts, "acme": {**texts["acme"], "baas_tenant": json.dumps({**GOOD["acme"]["baas_tenant"], "alias": "boreal"})}}
    assert [finding.variable for finding in findings(bad, "acme")] == ["baas_tenant.alias"]


GROUP = ("baas_vm_backup", "groups", 0)
FILES = ("baas_file_backup", "servers", 0)
SQL = ("baas_sql_backup", "servers", 0, "instances", 0)
PLAN = ("baas_plans", 0)


@pytest.mark.parametrize(
    ("path", "to", "variable", "words"),
    [
        (("baas_plans",), None, "baas_plans", "acme has no baas_plans."),
        (("baas_plans",), [], "baas_plans", "acme has no baas_plans."),
        (("baas_tenant",), None, "baas_tenant", "acme has no baas_tenant."),
        (("baas_region",), None, "baas_region", "acme has no baas_region."),
        ((*GROUP, "plan"), "acme-gldo", "baas_vm_backup.groups[0].plan", "Did you mean acme-gold?"),
        ((*FILES, "subclients", 1, "plan"), "x", "baas_file_backup.servers[0].subclients[1].plan", "acme-files, acme-gold."),
        ((*SQL, "plan"), "ACME", "baas_sql_backup.servers[0].instances[0].plan", "not among"),
        ((*SQL, "subclients", 0, "plan"), "y", "baas_sql_backup.servers[0].instances[0].subclients[0].plan", "not among"),
        ((*PLAN, "destinations", 1, "source"), "Primray", "baas_plans[0].destinations[1].source", "Did you mean Primary?"),
        ((*PLAN, "destinations", 1, "source"), "Secondary", "baas_plans[0].destinations[1].source", "is its own source"),
        ((*PLAN, "destinations", 0, "storage_pool"), "lux-pool-1", "baas_plans[0].destinations[0].storage_pool", "no storage pool"),
        ((*PLAN, "destinations", 0, "region"), "jersey", "baas_plans[0].destinations[0].region", "must stay in luxembourg"),
        ((*PLAN, "destinations", 0, "retention_days"), "3o", "baas_plans[0].destinations[0].retention_days", "not days from 1 to 9999"),
        ((*PLAN, "destinations", 0, "storage_pool"), None, "baas_plans[0].destinations[0]", "has no storage_pool"),
        ((*PLAN, "schedules", 0, "frequency", "start_time"), 1260, "baas_plans[0].schedules[0].frequency.start_time", "in quotes"),
        ((*PLAN, "schedules", 0, "frequency", "type"), "dialy", "baas_plans[0].schedules[0].frequency.type", "not one of minutes, daily"),
        ((*PLAN, "sla_days"), "soon", "baas_plans[0].sla_days", "not a whole number"),
        ((*PLAN, "destinations", 1, "name"), "primary", "baas_plans[0].destinations[1].name", "The destination primary of acme-gold is in"),
        (("baas_tenant", "alias"), "boreal", "baas_tenant.alias", "The alias boreal is that of the tenant boreal, too."),
        (("baas_tenant", "name"), "Boréal Îles Ltd", "baas_tenant.name", "is that of the tenant boreal, too, by another alias."),
        (("baas_tenant", "contakt"), {}, "baas_tenant.contakt", "Did you mean contact?"),
        (("baas_vm_backup", "vcenter_folder"), "Tenants/Café Müller & Söhne/x", "baas_vm_backup.vcenter_folder", "lies in that of"),
        (("baas_vm_backup", "vcenter_folder"), None, "baas_vm_backup.groups", "VM groups need vcenter_folder"),
        ((*GROUP, "folders"), [], "baas_vm_backup.groups[0]", "has no VMs, folders, tags or name patterns"),
        ((*GROUP, "consistency"), "application_aware", "baas_vm_backup.groups[0].consistency", "needs guest_credential"),
        ((*GROUP, "guest_credential"), "x", "baas_vm_backup.groups[0].guest_credential", "for application_aware alone"),
        ((*FILES, "client"), "cafe-fs02", "baas_file_backup.servers[0].client", "belongs to the tenant cafe_mueller"),
        ((*FILES, "client"), "lux-restore-01", "baas_file_backup.servers[0].client", "belongs to the provider in luxembourg"),
        ((*FILES, "access"), {"kind": "windows"}, "baas_file_backup.servers[0].access", "needs host"),
        ((*FILES, "access"), {"kind": "windows", "host": "nowhere"}, "baas_file_backup.servers[0].access.host", "no host of the inventory"),
        ((*FILES, "subclients", 1, "name"), "DATA", "baas_file_backup.servers[0].subclients[1].name", "twice"),
        ((*SQL, "name"), "ACME-SQL01\\Reports", "baas_sql_backup.servers[0].instances[1].name", "twice"),
        ((*SQL, "subclients", 0, "name"), "Default", "baas_sql_backup.servers[0].instances[0].subclients[0].name", "default subclient"),
        ((*SQL, "authentication"), "credential", "baas_sql_backup.servers[0].instances[0].authentication", "needs credential"),
        (("baas_region", "restore_test"), None, "baas_region", "has no restore_test"),
        (("baas_region", "restore_test", "netwrok"), "x", "baas_region.restore_test.netwrok", "Did you mean network?"),
        (("baas_file_backups",), {}, "baas_file_backups", "Did you mean baas_file_backup?"),
        (("vm_backup_gruops",), [], "vm_backup_gruops", "is no variable of this collection."),
    ],
)  # fmt: skip
def test_each_mistake_is_told_where_it_stands(path: tuple[t.Any, ...], to: t.Any, variable: str, words: str) -> None:
    (finding,) = findings(damaged(*path, to=to), "acme")
    assert (finding.tenant, finding.variable) == ("acme", variable)
    assert words in f"{finding.what} {finding.way_out}"
    assert finding.file == "here.yml" or path == ("baas_tenant",)


def test_what_two_tenants_have_is_told_to_both() -> None:
    inventory = damaged("baas_tenant", "alias", to="boreal")
    assert {(finding.tenant, finding.variable) for finding in findings(inventory)} == {
        (host, "baas_tenant.alias") for host in ("acme", "boreal")
    }
    twin = {**GOOD, "acme": copy.deepcopy(GOOD["boreal"])}
    told = {finding.variable for finding in findings(twin, "acme")}
    assert told == {
        *("baas_tenant.alias", "baas_tenant.name", "baas_vm_backup.vcenter_folder"),
        *("baas_file_backup.servers[0].client", "baas_sql_backup.servers[0].client"),
    }
    assert not any(
        "Boréal" in finding.what for finding in findings(twin, "acme") if "tenant boreal" in finding.what and "alias" in finding.variable
    )


def test_whatever_has_a_region_is_in_the_tenants() -> None:
    told = [finding.variable for finding in findings(damaged("baas_tenant", "region", to="jersey"), "acme")]
    copies = ["baas_plans[0].destinations[0]", "baas_plans[0].destinations[1]", "baas_plans[1].destinations[0]"]
    assert sorted(told) == sorted(["baas_tenant.region", "baas_region.vcenter.region", *(f"{copy}.region" for copy in copies)])


def test_everything_is_told_at_once_and_of_what_is_wrong_no_more() -> None:
    inventory = damaged("baas_plans", to="nothing of the sort")
    del inventory["acme"]["baas_tenant"]["alias"]
    inventory["acme"]["baas_vm_backup"]["groups"][0] = {"name": 1, "plan": "p", "folders": {"a": 1}}
    assert [finding.variable for finding in findings(inventory, "acme")] == [
        *("baas_tenant", "baas_plans[0]", "baas_vm_backup.groups[0].folders"),
    ]


def test_the_host_of_an_access_is_one_of_the_inventory() -> None:
    inventory = damaged(*FILES, "access", to={"kind": "windows", "host": "acme-fs01.example"})
    assert findings(inventory, "acme", hosts=["acme-fs01.example"]) == []


def test_a_switch_makes_no_place_for_restores_needless() -> None:
    inventory = damaged("baas_region", "restore_test")
    inventory["acme"]["tenant_onboarding_acceptance"] = "no"
    assert findings(inventory, "acme") == []


def test_a_variable_of_the_role_goes_before_that_of_the_inventory() -> None:
    inventory = damaged("tenant_onboarding_plans", to=[{**GOOD["acme"]["baas_plans"][0], "name": "other"}])
    assert {finding.what.split()[2] for finding in findings(inventory, "acme")} == {"acme-gold", "acme-files"}


def test_what_is_encrypted_is_not_judged_and_what_cannot_be_evaluated_is() -> None:
    def with_plan(name: Given) -> list[Finding]:
        variables = {key: wrapped(value, HERE) for key, value in GOOD["acme"].items()}
        variables["baas_plans"].value[0].value["name"] = name
        return specification.findings({"acme": specification.host(variables)}, ["acme"], [], ["acme"])

    assert with_plan(Given(None, "here.yml", 4, sealed=True)) == []
    (finding,) = with_plan(Given(None, "here.yml", 4, wrong="it cannot be evaluated"))
    assert (finding.what, finding.line) == ("baas_plans[0].name: it cannot be evaluated.", 4)


def test_a_tenant_given_to_the_run_is_seen_on_all_hosts() -> None:
    variables = {key: wrapped(value, HERE) for key, value in GOOD["acme"].items()}
    known = {name: specification.host(variables, ["baas_tenant"]) for name in ("acme", "boreal")}
    assert known["acme"].plain("tenant")["alias"] == "acme"
    assert specification.findings(known, ["acme", "boreal"], [], ["acme"]) == []


ALL = [*leaves(GOOD["acme"])]


@settings(deadline=None, max_examples=60, suppress_health_check=[HealthCheck.too_slow])
@given(
    st.sampled_from(ALL),
    st.sampled_from([None, [], {}, {"a": 1}, [["x"]], "", "x" * 300, "\0", -1, True, 3.5, "\u202eabc", "{{ x }}", "!vault"]),
)
def test_whatever_stands_anywhere_ends_in_findings_and_no_error(path: tuple[t.Any, ...], value: t.Any) -> None:
    inventory = copy.deepcopy(GOOD)
    row: t.Any = inventory["acme"]
    for name in path[:-1]:
        row = row[name]
    row[path[-1]] = value
    for finding in findings(inventory):
        assert finding.what and finding.way_out and finding.variable.startswith("baas_")


@settings(deadline=None, max_examples=40, suppress_health_check=[HealthCheck.too_slow])
@given(st.sampled_from([path for path in ALL if isinstance(path[-1], str)]), st.integers(0, 30))
def test_a_misspelt_name_is_found_wherever_it_stands(path: tuple[t.Any, ...], place: int) -> None:
    if "drives" in path[:-1]:
        return  # any letter may be a key
    inventory = damaged(*path)
    row: t.Any = inventory["acme"]
    for name in path[:-1]:
        row = row[name]
    name = path[-1]
    cut = 5 + place % max(1, len(name) - 5) if name.startswith("baas_") else place % len(name)
    wrong = f"{name[:cut]}q{name[cut:]}"
    row[wrong] = at(path)
    assert any(finding.variable.endswith(wrong) for finding in findings(inventory, "acme"))


REFERENCES = [path for path in ALL if path[-1] in ("plan", "source", "storage_pool")]


@settings(deadline=None, max_examples=30)
@given(st.sampled_from(REFERENCES), st.text("abcdefghijklmnop-", min_size=1, max_size=12))
def test_a_reference_to_nothing_is_found_where_it_stands(path: tuple[t.Any, ...], name: str) -> None:
    (finding,) = findings(damaged(*path, to=f"q{name}"), "acme")
    assert finding.variable == path[0] + "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in path[1:])


@settings(deadline=None, max_examples=30)
@given(st.data())
def test_a_good_specification_has_no_findings_whatever_its_size(data: st.DataObject) -> None:
    names = st.lists(st.text("abcdefghijklmnop", min_size=1, max_size=8), min_size=1, max_size=4, unique_by=str.casefold)
    plans, groups, clients = data.draw(names), data.draw(names), data.draw(names)
    plan = st.sampled_from(plans)
    inventory = copy.deepcopy(GOOD)
    mine = inventory["acme"]
    mine["baas_plans"] = [{**GOOD["acme"]["baas_plans"][0], "name": name} for name in plans]
    mine["baas_vm_backup"]["groups"] = [{"name": name, "plan": data.draw(plan), "folders": [name]} for name in groups]
    subclients = [{"name": "data", "plan": data.draw(plan), "content": ["D:\\"]}]
    access = {"kind": "local", "drives": {"D": "/d"}}
    mine["baas_file_backup"]["servers"] = [{"client": f"acme-{name}", "access": access, "subclients": subclients} for name in clients]
    instances = [{"name": f"ACME\\{name}", "plan": data.draw(plan)} for name in clients]
    mine["baas_sql_backup"]["servers"] = [{"client": "acme-sql", "instances": instances}]
    assert findings(inventory) == []
