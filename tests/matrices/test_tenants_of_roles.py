# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every option of a role that names something, given what is another tenant's: refused before the first write.

One run of Ansible tries all cells on the host of one tenant, each in a block of its own, and keeps what each was refused with.
"""

from __future__ import annotations

import json
import os
import typing as t
from pathlib import Path

import pytest

from ansible_collections.calligo.baas.plugins.module_utils._service.options import options, roles
from ansible_collections.calligo.baas.tests.matrices.matrix import CHECKOUT, Counts, cells
from ansible_collections.calligo.baas.tests.support import tenant
from ansible_collections.calligo.baas.tests.support.collection import options_below
from ansible_collections.calligo.baas.tests.support.modules import Json, Modules
from ansible_collections.calligo.baas.tests.support.playbooks import run_playbook
from commvaultsim.sandbox import Sandbox

CAFE: Json = {"name": "Café Müller & Söhne", "alias": "cafe-mueller", "region": "luxembourg"}
CONTACT: Json = {"name": "Jürgen Müller", "email": "juergen@cafe-mueller.example"}
VICTIM, FOLDER, OWN_FOLDER = "Acme Sàrl", "Tenants/Acme Sàrl", "Tenants/Café Müller & Söhne"

FOLDERS = (FOLDER, f"/Luxembourg/vm/{FOLDER}", FOLDER.upper(), f"{FOLDER}/", "Tenants", "Restore tests")
"""The victim's by every path, what lies above it, and what is the provider's."""


def vms(folder: str = OWN_FOLDER, **group: t.Any) -> Json:
    return {"vcenter_folder": folder, "groups": [{"name": "cafe-silver", "plan": "cafe-standard", **({"folders": [""]} | group)}]}


def files(client: str = "cafe-fs01", plan: str = "cafe-standard") -> list[Json]:
    access = {"kind": "local", "drives": {"D": "/nowhere"}}
    return [{"client": client, "access": access, "subclients": [{"name": "x", "plan": plan, "content": ["D:\\Rezepte"]}]}]


def databases(client: str = "cafe-sql01", **instance: t.Any) -> list[Json]:
    return [{"client": client, "instances": [{"name": "CAFE-SQL01", "plan": "cafe-standard", **instance}]}]


def _groups(folder: str = OWN_FOLDER, **group: t.Any) -> Json:
    """Options of vm_backup."""
    return {"vm_backup_folder": folder, "vm_backup_groups": vms(folder, **group)["groups"]}


def _files(*arguments: str) -> Json:
    return {"file_backup_servers": files(*arguments), "file_backup_check_content": False}


def _databases(*arguments: str, **instance: t.Any) -> Json:
    return {"sql_backup_servers": databases(*arguments, **instance)}


def _onboarding(**more: t.Any) -> Json:
    return {f"tenant_onboarding_{key}": value for key, value in more.items()}


# By role and option: the options of the role with the victim's in its place.
EVERY: list[tuple[str, str, Json]] = [
    ("vm_backup", "company", {**_groups(FOLDER), "vm_backup_company": VICTIM}),
    ("vm_backup", "alias", {**_groups(), "vm_backup_alias": "acme"}),
    *(("vm_backup", "folder", _groups(folder)) for folder in FOLDERS),
    ("vm_backup", "groups.plan", _groups(plan="acme-gold")),
    ("vm_backup", "groups.vms", _groups(folders=[], vms=["acme-web-01"])),
    *(("vm_backup", "groups.folders", _groups(folders=[folder])) for folder in ("Acme Sàrl", "../Acme Sàrl", f"/{FOLDER}")),
    ("vm_backup", "groups.guest_credential", _groups(consistency="application_aware", guest_credential="acme-login")),
    ("file_backup", "company", {**_files("acme-fs01"), "file_backup_company": VICTIM}),
    *(("file_backup", "servers.client", _files(client)) for client in ("acme-fs01", "ACME-FS01", "lux-restore-01")),
    ("file_backup", "servers.subclients.plan", _files("cafe-fs01", "acme-gold")),
    ("sql_backup", "company", {**_databases("acme-sql01"), "sql_backup_company": VICTIM}),
    *(("sql_backup", "servers.client", _databases(client)) for client in ("acme-sql01", "ACME-SQL01", "lux-sql-restore-01")),
    ("sql_backup", "servers.instances.plan", _databases(plan="acme-gold")),
    ("sql_backup", "servers.instances.credential", _databases(authentication="credential", credential="acme-login")),
    (
        "sql_backup",
        "servers.instances.subclients.plan",
        _databases(subclients=[{"name": "s", "databases": ["Kasse"], "plan": "acme-gold"}]),
    ),
    ("tenant_onboarding", "tenant.name", _onboarding(tenant={**CAFE, "name": VICTIM, "contact": CONTACT})),
    ("tenant_onboarding", "tenant.alias", _onboarding(tenant={**CAFE, "alias": "acme", "contact": CONTACT})),
    *(("tenant_onboarding", "vm_backup.vcenter_folder", _onboarding(vm_backup=vms(folder))) for folder in FOLDERS),
    ("tenant_onboarding", "vm_backup.groups.plan", _onboarding(vm_backup=vms(plan="acme-gold"))),
    ("tenant_onboarding", "vm_backup.groups.vms", _onboarding(vm_backup=vms(folders=[], vms=["acme-web-01"]))),
    ("tenant_onboarding", "vm_backup.groups.folders", _onboarding(vm_backup=vms(folders=["../Acme Sàrl"]))),
    (
        "tenant_onboarding",
        "vm_backup.groups.guest_credential",
        _onboarding(vm_backup=vms(consistency="application_aware", guest_credential="acme-login")),
    ),
    ("tenant_onboarding", "file_backup.servers.client", _onboarding(file_backup={"servers": files("acme-fs01")})),
    ("tenant_onboarding", "file_backup.servers.subclients.plan", _onboarding(file_backup={"servers": files("cafe-fs01", "acme-gold")})),
    ("tenant_onboarding", "sql_backup.servers.client", _onboarding(sql_backup={"servers": databases("acme-sql01")})),
    ("tenant_onboarding", "sql_backup.servers.instances.plan", _onboarding(sql_backup={"servers": databases(plan="acme-gold")})),
    (
        "tenant_onboarding",
        "sql_backup.servers.instances.credential",
        _onboarding(sql_backup={"servers": databases(authentication="credential", credential="acme-login")}),
    ),
    (
        "tenant_onboarding",
        "sql_backup.servers.instances.subclients.plan",
        _onboarding(sql_backup={"servers": databases(subclients=[{"name": "s", "databases": ["Kasse"], "plan": "acme-gold"}])}),
    ),
    ("tenant_offboarding", "tenant.name", {"tenant_offboarding_tenant": {**CAFE, "name": VICTIM}}),
    ("tenant_offboarding", "tenant.alias", {"tenant_offboarding_tenant": {**CAFE, "alias": "acme"}}),
    (
        "manifest",
        "file_servers.client",
        {"manifest_vm_folder": "", "manifest_file_servers": files("acme-fs01"), "manifest_back_up_changes": True},
    ),
]

PART = "names a part of what another option names"
NEW = "names what the role makes, in the company acted in"
VALUE = "is a value and no name"
PROVIDER = "names what the provider has, and is the provider's to say"
LESS = "leaves something out: of another tenant's there is nothing in to leave out"
ELSEWHERE = "is tried elsewhere: "
REASONS: t.Mapping[str, str] = {
    **dict.fromkeys(
        (
            *("file_backup.servers.subclients.name", "sql_backup.servers.instances.name", "sql_backup.servers.instances.subclients.name"),
            *("servers.subclients.name", "servers.instances.name", "servers.instances.subclients.name", "file_servers.subclients.name"),
            *("servers.instances.subclients.databases", "sql_backup.servers.instances.subclients.databases", "plans.destinations.source"),
        ),
        PART,
    ),
    **dict.fromkeys(("groups.name", "vm_backup.groups.name", "plans.name", "plans.destinations.name", "hypervisor"), NEW),
    **dict.fromkeys(
        (
            "region",
            "datacenter",
            "vcenter_region",
            "tenants",
            "access_nodes",
            "plans.destinations.storage_pool",
            "plans.destinations.region",
        ),
        PROVIDER,
    ),
    "specifications": ELSEWHERE
    + "tests/integration/test_tenant_identity.py::test_a_restore_test_restores_no_neighbours_backup_as_this_tenants",
    **dict.fromkeys(("time_zone", "end", "directory", "beacon", "month", "daily_directory", "requests_directory"), VALUE),
    **dict.fromkeys(("provider_folders", "restore_test"), PROVIDER),
    "tenant_offboarding.folder": "loses its mark if that is this tenant's: the module refuses another's (test_vcenter_folder_mark.py)",
    "tenant_specification.variables": "names variables of the tenant itself",
    "confirm": "says again what tenant.alias says",
    "heir": "names who gets what users of the company have: the module refuses a stranger (test_tenants_of_modules.py)",
    "manifest.company": "only reads inside it; the provider's account may read each",
    "vm_folder": "only reads VMs, of which those are recorded that a backup of the company's hypervisor holds",
    "file_servers.subclients.plan": "is not read by this role",
    **dict.fromkeys(
        (
            "service_request.plan",
            "service_request.copy",
            "service_request.tenant.name",
            "service_request.tenant.alias",
            "service_request.plans",
        ),
        f"{ELSEWHERE}tests/integration/test_service_requests.py: plans are the specification's, and looked for in its company",
    ),
    **dict.fromkeys(
        (
            *(f"service_request.{name}" for name in ("number", "retention_days", "approval", "take_over", "dir", "calendar")),
            *(f"service_request.specification.{name}" for name in ("path", "remote", "branch", "author_name", "author_email", "patch_dir")),
            *("service_request.tickets.provider", "service_request.tickets.directory"),
        ),
        VALUE,
    ),
}
BEGINNINGS: t.Mapping[str, str] = {
    "commvault.": "says how Commvault is reached",
    "vcenter.": "says how vCenter is reached",
    "vcenter_account.": "says how vCenter is reached",
    "target.": PROVIDER,
    "mail_": "says who gets which report by mail, which is the provider's to say",
    "region.": PROVIDER,
    "specifications.": ELSEWHERE + "see specifications",
    "tenant.region": VALUE,
    "tenant.contact": VALUE,
    "tenant.email": VALUE,
    "plans.": VALUE,
    "causes.": VALUE,
    "teams": VALUE,
    "itsm.": "says where tickets are kept",
    "evidence_dir": VALUE,
    "period": VALUE,
    "salt": VALUE,
    "seed": VALUE,
    "default_excludes": VALUE,
}
WORDS: t.Mapping[str, str] = {
    ".exclude": LESS,
    ".exceptions": LESS,
    "backup_exception": LESS,
    ".content": VALUE,
    ".description": VALUE,
    ".access.": "says how files are read",
    "removable_drives": VALUE,
    ".tags": "chooses among what is in the tenant's folder",
    ".name_patterns": "chooses among what is in the tenant's folder",
    ".account": VALUE,
    ".vss": VALUE,
}


def _reason(role: str, option: str) -> str | None:
    return (
        REASONS.get(option)
        or REASONS.get(f"{role}.{option}")
        or next((why for start, why in BEGINNINGS.items() if option.startswith(start)), None)
        or next((why for word, why in WORDS.items() if word in option), None)
    )


@pytest.mark.parametrize("role", roles())
def test_every_option_names_something_or_has_its_reason(role: str) -> None:
    tried = {option for name, option, _given in EVERY if name == role}
    leaves = [
        path.removeprefix(f"{role}_")
        for path, option in options_below(options(role))
        if not option.get("options") and not option.get("choices") and option.get("type", "str") in ("str", "path", "dict", "list")
    ]
    known = [leaf for leaf in leaves if not any(other.startswith(f"{leaf}.") for other in leaves)]
    assert [option for option in known if option not in tried and not _reason(role, option)] == []
    assert tried <= set(leaves), "an option that is not there"


@pytest.fixture(scope="module")
def platform(tmp_path_factory: pytest.TempPathFactory) -> t.Iterator[Modules]:
    """The victim, whose folder is marked, and the company and plan of the other tenant."""
    with Sandbox(tmp_path_factory.mktemp("roles"), job_seconds=0.5) as sandbox:
        modules = Modules(sandbox)
        tenant.onboard(modules)
        tenant.service_account(modules)
        modules("vcenter_folder_mark", {"folder": FOLDER, "tenant": "acme"})
        servers = ["cafe-fs01", "cafe-fs02", "cafe-sql01"]
        modules("commvault_company", {"name": CAFE["name"], "alias": CAFE["alias"], "contact": CONTACT, "servers": servers})
        modules("commvault_plan", {**tenant.PLAN, "company": CAFE["name"], "name": "cafe-standard"})
        modules("commvault_hypervisor", {**tenant.hypervisor(modules), "company": CAFE["name"], "name": "cafe-mueller-vcenter"})
        yield modules


CHOSEN = cells(EVERY, 4)
AT_A_TIME = 6
"""Cells of one run of Ansible."""


@pytest.fixture(scope="module")
def counts() -> t.Iterator[Counts]:
    counted = Counts("tenants-roles")
    yield counted
    counted.keep()


@pytest.mark.parametrize("begin", range(0, len(CHOSEN), AT_A_TIME))
def test_what_is_another_tenants_is_refused_before_the_first_write(platform: Modules, counts: Counts, tmp_path: Path, begin: int) -> None:
    chosen = CHOSEN[begin : begin + AT_A_TIME]
    keep = {"cell": "{{ cell }}", "task": "{{ ansible_failed_task.name }}", "msg": "{{ ansible_failed_result.msg }}"}
    blocks = [
        {
            "block": [{"ansible.builtin.include_role": {"name": f"calligo.baas.{role}"}, "vars": given}],
            "rescue": [
                {
                    "ansible.builtin.set_fact": {"refusals": "{{ refusals | default([]) + [refusal] }}"},
                    "vars": {"cell": number, "refusal": keep},
                }
            ],
        }
        for number, (role, _option, given) in enumerate(chosen)
    ]
    end = {"ansible.builtin.copy": {"dest": str(tmp_path / "refusals.json"), "content": "{{ refusals | default([]) | to_json }}"}}
    play = {"hosts": "tenants", "gather_facts": False, "tasks": [*blocks, end]}
    (tmp_path / "cells.yml").write_text(json.dumps([play]), encoding="utf-8")
    platform.sandbox.control("DELETE", "/journal")
    run = run_playbook(platform.sandbox, os.path.relpath(tmp_path / "cells", CHECKOUT / "playbooks"), "--limit", "cafe_mueller")
    assert run.status == 0, run.output
    writes = [f"{row['method']} {row['path']}" for row in platform.sandbox.control("GET", "/journal")["requests"] if row["writes"]]
    assert writes == [], run.output
    refused = {int(row["cell"]): row for row in json.loads((tmp_path / "refusals.json").read_text(encoding="utf-8"))}
    assert [chosen[number] for number in range(len(chosen)) if number not in refused] == []
    for number, (role, option, _given) in enumerate(chosen):
        said = f"{refused[number]['task']}: {refused[number]['msg']}"
        assert "Validation of arguments" not in said and "Traceback" not in said, (role, option, said)
        assert "defined" not in said, (role, option, said)
        counts.add(role, "refused")
