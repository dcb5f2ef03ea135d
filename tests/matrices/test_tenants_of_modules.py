# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every option of a module that names something, given the name, id or UUID of another tenant's: refused before the first write.

The tasks of tests/support/tasks.py, which are about one tenant (the victim), are told of another (the intruder), whose things are there
too, by the provider's account; then one option after the other is given what is the victim's.
"""

from __future__ import annotations

import copy
import dataclasses
import json
import typing as t

import pytest

from ansible_collections.calligo.baas.tests.matrices.matrix import Counts, cells
from ansible_collections.calligo.baas.tests.support import tenant
from ansible_collections.calligo.baas.tests.support.collection import Module, fragment, module_names, options_below
from ansible_collections.calligo.baas.tests.support.modules import Json, Modules, run_module
from ansible_collections.calligo.baas.tests.support.tasks import tasks
from commvaultsim.sandbox import Sandbox

VICTIM, INTRUDER = "Acme Sàrl", "Intruder Ltd"
OWN = {
    "Acme Sàrl": INTRUDER,
    "acme": "intruder",
    "acme-fs01": "cafe-fs01",
    "acme-sql01": "cafe-sql01",
    "ACME-SQL01\\PROD": "CAFE-SQL01",
    "acme-gold": "intruder-gold",
    "acme-vcenter": "intruder-vcenter",
    "acme-vms": "intruder-vms",
    "acme-web-01": "cafe-pos-01",
    "data": "own",
    "acme-login": "intruder-login",
    "acme-region": "intruder-region",
    "Acme automation": "Intruder automation",
}
"""What the intruder has where the victim has something."""

# What an option names. Of each kind the victim has something; a test below sees that every option is in one of the two lists.
NAMES: t.Mapping[str, t.Mapping[str, str]] = {
    "commvault_activity": {
        "activities.client": "client",
        "activities.vm_group": "vm_group",
        "activities.hypervisor": "hypervisor",
        "activities.plan": "plan",
    },
    "commvault_agent": {"agents.client": "host", "agents.host": "host", "agents.plan": "plan"},
    "commvault_alert_info": {"clients": "client"},
    "commvault_backup": {
        "vm_groups.name": "vm_group",
        "vm_groups.hypervisor": "hypervisor",
        "vm_uuids": "vm_uuid",
        "subclients.client": "client",
        "sql_subclients.client": "sql_client",
    },
    "commvault_browse_info": {"client": "client", "vm_uuid": "vm_uuid", "job_id": "job"},
    "commvault_hypervisor_info": {"names": "hypervisor"},
    "commvault_job": {"job_ids": "job"},
    "commvault_job_info": {"job_ids": "job", "client": "client", "vm_group.name": "vm_group", "vm_group.hypervisor": "hypervisor"},
    "commvault_plan": {"base_plan": "plan"},
    "commvault_plan_info": {"names": "plan"},
    "commvault_region": {"entities.names": "client"},
    "commvault_restore": {
        "vm.uuid": "vm_uuid",
        "vm.name": "vm",
        "vm.hypervisor": "hypervisor",
        "vm.job_id": "job",
        "vm.destination.hypervisor": "hypervisor",
        "vm_disk.uuid": "vm_uuid",
        "vm_disk.name": "vm",
        "vm_disk.hypervisor": "hypervisor",
        "vm_disk.job_id": "job",
        "guest_files.uuid": "vm_uuid",
        "guest_files.name": "vm",
        "guest_files.hypervisor": "hypervisor",
        "guest_files.job_id": "job",
        "guest_files.destination_client": "client",
        "guest_files.destination_vm.uuid": "vm_uuid",
        "files.client": "client",
        "files.job_id": "job",
        "files.destination_client": "client",
        "sql.client": "sql_client",
        "sql.job_id": "job",
        "sql.destination_client": "sql_client",
    },
    "commvault_retention": {"plan": "plan", "job_ids": "job"},
    "commvault_role_assignment": {"assignments.role": "role", "assignments.entity": "company"},
    "commvault_server_info": {"names": "client"},
    "commvault_sql_database_info": {"client": "sql_client"},
    "commvault_sql_instance": {"instances.client": "sql_client", "instances.plan": "plan", "instances.credential": "credential"},
    "commvault_sql_subclient": {"subclients.client": "sql_client", "subclients.plan": "plan"},
    "commvault_subclient": {"subclients.client": "client", "subclients.plan": "plan"},
    "commvault_subclient_info": {"clients": "client"},
    "commvault_user": {"user_groups": "user_group", "transfer_to_user": "user", "transfer_to_user_group": "user_group"},
    "commvault_user_group": {"members": "user", "transfer_to_user": "user", "transfer_to_user_group": "user_group"},
    "commvault_vm_group": {"hypervisor": "hypervisor", "plan": "plan", "guest_credential": "credential"},
    "commvault_vm_group_info": {"hypervisor": "hypervisor", "names": "vm_group"},
    "commvault_vm_info": {"uuids": "vm_uuid", "names": "vm", "hypervisor": "hypervisor", "vm_group": "vm_group"},
}

# What names nothing of a tenant's by itself, and why.
PART = "names a part of what another option names"
NEW = "names what the module makes, in the company acted in: of another company there may be one of the same name"
VALUE = "is a value and no name"
PROVIDER = "names what the provider has, and only that"
PLACE = "names something in a vCenter, where the mark of the folder says whose it is (tests/matrices/test_tenants_of_roles.py)"
COMPANY = (
    "names the company itself: the provider's account may act in each (tests/integration/test_tenant_isolation.py has tenants' accounts)"
)
SPECIFIED = "is looked for in the tenant's own files alone, or added to them (tests/integration/test_specification_edit.py)"
REASONS: t.Mapping[str, str] = {
    **dict.fromkeys(
        (
            *("activities.instance", "activities.backupset", "activities.subclient", "subclients.backupset", "subclients.name"),
            *("sql_subclients.instance", "sql_subclients.name", "vm_groups.members.name", "vm_groups.members.uuid", "backupset"),
            *("subclient", "path", "instance", "files.backupset", "files.subclient", "files.paths", "sql.instance", "sql.databases.name"),
            *("sql.databases.files.logical", "sql.destination_instance", "subclients.instance", "subclients.databases", "databases"),
            *("instances.instance", "destination", "region", "destinations.source", "vm_disk.disks", "guest_files.paths"),
            *("vm.destination.datastores.disk", "vm.destination.networks.source", "commvault_subclient_info.names"),
        ),
        PART,
    ),
    **dict.fromkeys(
        (
            *("commvault_blackout_window.name", "commvault_credential.name", "commvault_hypervisor.name", "commvault_plan.name"),
            *("commvault_region.name", "commvault_role.name", "commvault_user.name", "commvault_user_group.name"),
            *("commvault_vm_group.name", "new_name", "destinations.name", "vm.destination.new_name", "sql.databases.new_name"),
        ),
        NEW,
    ),
    **dict.fromkeys(
        (
            *("activities.enable_after", "agents.host_username", "agents.host_password", "since", "periods.start"),
            *("periods.end", "between_dates.start", "between_dates.end", "point_in_time", "alias", "contact.name", "contact.email", "tags"),
            *("email_suffix", "account", "account_password", "description", "vcenter_host", "vcenter_username", "vcenter_password"),
            *(
                "statuses",
                "destinations.retention_days",
                "destinations.extended_retention.retention_days",
                "schedules.frequency.start_time",
            ),
            *("schedules.frequency.repeat_until", "schedules.frequency.timezone", "backup_window.start", "backup_window.end"),
            *("full_backup_window.start", "full_backup_window.end", "content.windows_included", "content.windows_excluded"),
            *("content.windows_exceptions", "content.unix_included", "content.unix_excluded", "content.unix_exceptions"),
            *("locations.city", "locations.state", "locations.country", "retention_days", "extended_retention.retention_days"),
            *("retain_until", "permissions", "categories", "instances.account", "instances.account_password", "instances.description"),
            *("subclients.description", "subclients.content", "subclients.filters", "subclients.exceptions", "email", "full_name"),
            *("user_password", "content.name_patterns.value", "filters.name_patterns.value", "disk_filters.value", "query"),
            *("sql.undo_file", "sql.databases.files.path", "sql.databases.data_path", "sql.databases.log_path", "files.destination_path"),
            *("guest_files.destination_path", "vm_disk.destination_path", "vm.point_in_time", "vm_disk.point_in_time"),
            *("guest_files.point_in_time", "files.point_in_time", "sql.point_in_time", "guest_files.destination_vm.username"),
            *("guest_files.destination_vm.password", "changes_since", "directory", "files.name", "files.content", "files.text"),
            *("output_file", "vcenter", "vcenter.hostname", "vcenter.username", "vcenter.password", "vcenter.ca_path"),
            *("vm.destination.vcenter.hostname", "vm.destination.vcenter.username", "vm.destination.vcenter.password"),
            *("vm.destination.vcenter.ca_path", "vm.in_place.vcenter.hostname", "vm.in_place.vcenter.username"),
            *("vm.in_place.vcenter.password", "vm.in_place.vcenter.ca_path", "tenant", "name_pattern"),
        ),
        VALUE,
    ),
    **dict.fromkeys(
        (
            *("destinations.storage_pool", "destinations.region", "access_nodes", "storage_pools", "vm.destination.access_node"),
            *(
                "vm.in_place.access_node",
                "vm_disk.access_node",
                "guest_files.destination_vm.access_node",
                "commvault_storage_pool_info.names",
            ),
            *("commvault_infrastructure_info.servers", "operators.user", "operators.user_group", "operators.role"),
        ),
        PROVIDER,
    ),
    **dict.fromkeys(
        (
            *("content.vms.uuid", "content.vms.name", "content.folders.id", "content.folders.name", "content.datacenters.id"),
            *("content.datacenters.name", "content.clusters.id", "content.clusters.name", "content.tags.id", "content.tags.name"),
            *("filters.vms.uuid", "filters.vms.name", "filters.folders.id", "filters.folders.name", "filters.datacenters.id"),
            *("filters.datacenters.name", "filters.clusters.id", "filters.clusters.name", "filters.tags.id", "filters.tags.name"),
            *("disk_filters.vm.uuid", "disk_filters.vm.name", "vcenter.folder", "vm.destination.esx_host", "vm.destination.folder"),
            *("vm.destination.resource_pool", "vm.destination.datastore", "vm.destination.datastores.datastore"),
            *("vm.destination.network", "vm.destination.networks.destination", "folder", "cluster", "instance_uuids", "covering"),
            *("vcenter_vm_facts.names", "vcenter_vm_facts.tags"),
        ),
        PLACE,
    ),
    **dict.fromkeys(
        (
            *("seal", "identity", "title", "team", "due", "note", "internal_note", "by", "request", "service", "time", "approval"),
            *("calendar.zone", "calendar.hours", "calendar.days"),
            *("retention.retention_days", "vm.reason", "file_server.definition", "sql_instance.definition"),
            *("commit_message", "take_over", "author_name", "author_email", "remote", "branch", "patch_file"),
            *("calendar.holidays.country", "calendar.holidays.subdivision", "catalogue.services"),
        ),
        VALUE,
    ),
    **dict.fromkeys(
        (
            *("specification_edit.path", "retention.plan", "retention.destination", "vm.group", "specification_edit.vm.name"),
            *("file_server.client", "sql_instance.client", "sql_instance.name"),
        ),
        SPECIFIED,
    ),
    **dict.fromkeys(("commvault_company.name", "commvault_company_info.names", "contacts", "plans", "servers"), COMPANY),
    **dict.fromkeys(
        tuple(f"tenants.{key}" for key in ("host", "name", "alias", "region", "plans", "parts", "vms")),
        "names tenants to the provider, and gives each what its company owns alone (tests/integration/test_commvault_protection_info.py)",
    ),
    **dict.fromkeys(
        ("vms_file", "vms_error", "provider_folders", "time_zone", "end", "document", "restore_tests", "checks", "made_at"), VALUE
    ),
    **dict.fromkeys(("begins", "checks", "day", "teams", "started", "open_tickets", "written"), VALUE),
    **dict.fromkeys(("causes.retry.windows", "own_causes.retry.windows"), VALUE),
    **dict.fromkeys((f"{part}causes.{name}" for part in ("", "own_") for name in ("cause", "words", "advice", "team", "states")), VALUE),
    **dict.fromkeys((f"{part}causes.{name}" for part in ("", "own_") for name in ("statuses", "kinds", "codes", "reasons")), VALUE),
    **dict.fromkeys(("month", "daily_reports", "requests"), VALUE),
    **dict.fromkeys(("sender", "reports", "to", "tenants", "subject"), "says who gets which report, which is the provider's to say"),
    **dict.fromkeys(("vcenter.name", "vcenter.region", "vcenter.address", "restore_test"), PROVIDER),
    **dict.fromkeys(
        ("assignments.user", "assignments.user_group"), "names somebody, who may be of the provider, given a role by this company"
    ),
}
CONNECTION = {
    *(name for part in ("calligo.baas.commvault", "calligo.baas.vcenter") for name in fragment(part)["options"]),
    *("planned",),
}

VM = {"hypervisor": "intruder-vcenter"}
PLACED: Json = {"new_name": "restored", "esx_host": "lux-esx-02.example.com", "datastore": "lux-ds-02", "folder": "Restore tests"}
PLACED |= {"network": "LUX-Restore-Isolated"}
FILES: Json = {"client": "cafe-fs01", "subclient": "own", "paths": ["D:\\Rezepte"]}
TO: Json = {"destination_client": "lux-restore-01", "destination_path": "E:\\RestoreTest"}
DISK: Json = {"disks": ["x.vmdk"], "destination_path": "F:\\Staging"}
GUEST: Json = {"paths": ["/srv"], "destination_path": "E:\\From a VM", "destination_client": "lux-restore-01"}
AGENT: Json = {"client": "cafe-fs02", "types": ["sql_server"], "host_username": "x", "host_password": "y"}
INSTANCE: Json = {"client": "cafe-sql01", "instance": "CAFE-SQL01"}
HEIRS = ("transfer_to_user", "transfer_to_user_group")
LOGIN: Json = {"username": "Administrator", "password": "correct horse"}
SQL: Json = {"client": "cafe-sql01", "instance": "CAFE-SQL01", "databases": [{"name": "Kasse", "new_name": "Kasse test"}]}


def own_tasks(name: str, modules: Modules) -> list[Json]:
    """Tasks for the intruder: those of the victim in other words, and more where an option is in none of those."""
    placed = {**PLACED, "vcenter": modules.connection("vcenter_")}
    more: dict[str, list[Json]] = {
        "commvault_activity": [{"activities": [{"plan": "intruder-gold", "backup": False}]}],
        "commvault_alert_info": [{"clients": ["x"]}],
        "commvault_backup": [{"vm_uuids": ["u"]}],
        "commvault_browse_info": [{"client": "cafe-fs01", "subclient": "own", "path": "\\", "job_id": 1}],
        "commvault_job_info": [
            {"job_ids": [1]},
            {"client": "cafe-fs01"},
            {"vm_group": {"name": "intruder-vms", "hypervisor": "intruder-vcenter"}},
        ],
        "commvault_plan": [{"name": "derived", "base_plan": "intruder-gold", "destinations": None}],
        "commvault_sql_instance": [
            {"instances": [{**INSTANCE, "authentication": "credential", "credential": "c"}]},
        ],
        "commvault_vm_info": [{"uuids": ["u"]}, {"names": ["n"]}],
        "commvault_agent": [{"agents": [{**AGENT, "plan": "intruder-gold"}]}, {"agents": [{**AGENT, "client": "cafe-fs03", "host": "h"}]}],
        "commvault_restore": [
            *({"vm": {**one, "destination": placed}} for one in ({"uuid": "u"}, {"name": "cafe-pos-01", **VM, "job_id": 1})),
            {"vm": {"name": "cafe-pos-01", **VM, "destination": {**placed, "hypervisor": "intruder-vcenter"}}},
            *({"vm_disk": {**DISK, **one}} for one in ({"uuid": "u"}, {"name": "cafe-pos-01", **VM, "job_id": 1})),
            *({"guest_files": {**GUEST, **one}} for one in ({"uuid": "u"}, {"name": "cafe-pos-01", **VM, "job_id": 1})),
            {"files": {**FILES, **TO, "job_id": 1}},
            {"sql": {**SQL, "job_id": 1}},
            {
                "guest_files": {
                    "paths": ["/srv"],
                    "destination_path": "E:\\",
                    "name": "cafe-pos-01",
                    **VM,
                    "destination_vm": {**LOGIN, "uuid": "u"},
                }
            },
            {"sql": {**SQL, "destination_client": "lux-sql-restore-01", "destination_instance": "LUX-SQL-RESTORE-01"}},
        ],
        "commvault_retention": [{"plan": "intruder-gold", "destination": "Primary", "job_ids": [1], "retain_until": "2030-01-01"}],
        "commvault_user": [{"name": "svc", "state": "absent", key: "other"} for key in HEIRS],
        "commvault_user_group": [
            {"name": "automation", "members": ["svc"]},
            *({"name": "automation", "state": "absent", key: "other"} for key in HEIRS),
        ],
    }
    return [t.cast(Json, _translated(task)) for task in tasks(modules)[name]] + more.get(name, [])


def _translated(value: t.Any) -> t.Any:
    if isinstance(value, dict):
        return {key: _translated(part) for key, part in value.items()}
    if isinstance(value, list):
        return [_translated(part) for part in value]
    return OWN.get(value, value) if isinstance(value, str) else value


@dataclasses.dataclass(frozen=True)
class Cell:
    """An option of a module, given what is the victim's. owners: how the server tells of owners."""

    module: str
    option: str
    kind: str
    owners: str

    def __str__(self) -> str:
        return f"{self.module}-{self.option}-{self.owners}"


OWNERS: t.Mapping[str, tuple[str, ...]] = {
    "shown": (),
    "unfiltered": ("company_ignored",),
    "hidden": ("company_ignored", "owners_hidden"),
    "wrong": ("company_ignored", "owners_wrong"),
}
EVERY = [Cell(module, option, kind, owners) for module, options in NAMES.items() for option, kind in options.items() for owners in OWNERS]


def leaves(module: str) -> list[str]:
    """The options of a module that hold a text, a number that may be an id, or a list of those."""
    found = []
    for path, option in options_below(Module(module).arguments()["argument_spec"]):
        holds = option.get("elements") if option.get("type") == "list" else option.get("type", "str")
        ids = holds == "int" and path.rpartition(".")[2] in ("job_id", "job_ids")
        if path not in CONNECTION and not option.get("options") and not option.get("choices") and (holds in ("str", "path", "dict") or ids):
            found.append(path)
    return found


@pytest.mark.parametrize("module", module_names())
def test_every_option_names_something_or_has_its_reason(module):
    named = set(NAMES.get(module, {}))
    unknown = [path for path in leaves(module) if path not in named and path not in REASONS and f"{module}.{path}" not in REASONS]
    # files.lines are objects, which is a kind of value.
    assert [path for path in unknown if path != "files.lines"] == []
    assert named <= set(leaves(module)), "an option that is not there"


@pytest.fixture(scope="module")
def platform(tmp_path_factory: pytest.TempPathFactory) -> t.Iterator[Modules]:
    """Both tenants, with something of each kind."""
    with Sandbox(tmp_path_factory.mktemp("tenants"), job_seconds=0.2) as sandbox:
        modules = Modules(sandbox)
        tenant.onboard(modules)
        tenant.service_account(modules)
        tenant.sql_server(modules)
        onboard_intruder(modules)
        yield modules


def onboard_intruder(modules: Modules) -> None:
    """The intruder's own things: as the victim's."""
    inside = {"company": INTRUDER}
    modules("commvault_company", {"name": INTRUDER, "alias": "intruder", "servers": ["cafe-fs01", "cafe-fs02", "cafe-sql01"]})
    modules("commvault_plan", {**inside, **tenant.PLAN, "name": "intruder-gold"})
    modules("commvault_hypervisor", {**inside, **tenant.hypervisor(modules), "name": "intruder-vcenter"})
    content = {"name_patterns": [{"condition": "equals", "value": "cafe-pos-01"}]}
    own = {"name": "intruder-vms", "hypervisor": "intruder-vcenter"}
    modules("commvault_vm_group", {**inside, **own, "plan": "intruder-gold", "content": content})
    files = {"client": "cafe-fs01", "name": "own"}
    modules("commvault_subclient", {**inside, "subclients": [{**files, "plan": "intruder-gold", "content": ["D:\\Rezepte"]}]})
    modules("commvault_backup", {**inside, "vm_groups": [own], "subclients": [files], "wait_timeout": 60, "fail_on_failure": False})
    account = {"email": "svc@intruder.example.com", "user_password": "crow bar", "user_groups": ["Tenant Admin"]}
    modules("commvault_user", {**inside, "name": "svc", **account})
    modules("commvault_role", {**inside, **tenant.ROLE, "name": "Intruder automation"})
    modules("commvault_user_group", {**inside, **tenant.USER_GROUP})


@pytest.fixture(scope="module")
def victims(platform: Modules) -> dict[str, list[t.Any]]:
    """What the victim has, by kind: names as they are and in another case, ids as text, UUIDs and job numbers."""
    state = platform.sandbox.control("GET", "/state")
    number = next(row["id"] for row in state["companies"] if row["name"] == VICTIM)
    uuid = tenant.uuid_of(platform, "acme-web-01")
    jobs = [job["id"] for job in platform("commvault_job_info", {"company": VICTIM})["jobs"]]
    ids = {row["name"]: str(row["id"]) for row in state["clients"] if row.get("company_id") == number}
    return {
        "company": [VICTIM, str(number)],
        "client": ["acme-fs01", "ACME-FS01", "acme-fs01.example.com", ids["acme-fs01"]],
        "host": ["acme-fs01", "ACME-FS01", "acme-fs01.example.com"],
        "sql_client": ["acme-sql01", "acme-sql01.example.com", ids["acme-sql01"]],
        "plan": ["acme-gold", "ACME-GOLD"],
        "hypervisor": ["acme-vcenter", "Acme-vCenter"],
        "vm_group": ["acme-vms", "ACME-VMS"],
        "vm": ["acme-web-01", "ACME-web-01"],
        "vm_uuid": [uuid, uuid.upper()],
        "job": jobs[:2],
        "credential": ["acme-login"],
        "role": ["Acme automation"],
        "user": ["acme\\svc_backup", "svc_backup"],
        "user_group": ["acme\\automation"],
    }


@pytest.fixture(scope="module")
def counts() -> t.Iterator[Counts]:
    counted = Counts("tenants-modules")
    yield counted
    counted.keep()


TOLD_OF_VICTIM = ("acme\\\\", "ada@acme", "Ada Admin", "Übersicht", "acme-db-01", "Budget")


@pytest.mark.usefixtures("waiting_is_short")
@pytest.mark.parametrize("cell", cells(EVERY, 16), ids=str)
def test_what_is_another_tenants_is_refused_before_the_first_write(platform, victims, counts, cell):
    mattering = [task for task in own_tasks(cell.module, platform) if cell.kind not in NOT_WHERE_IT_GOES or not _goes(task)]
    given = [(value, told) for value in victims[cell.kind] for task in mattering if (told := _put(task, cell.option, value))]
    assert given, "no task has this option: give one in own_tasks()"
    for fault in OWNERS[cell.owners]:
        platform.sandbox.control("POST", "/faults", {"name": fault})
    platform.sandbox.control("DELETE", "/journal")
    try:
        for value, options in given:
            result = run_module(cell.module, {**platform.connection(cell.module), "company": INTRUDER, **options})
            result.pop("invocation", None)
            writes = [f"{row['method']} {row['path']}" for row in platform.sandbox.control("GET", "/journal")["requests"] if row["writes"]]
            assert writes == [], (value, result)
            _refused(cell, value, options, result)
            named = str(value).casefold().rpartition("\\")[2] in json.dumps(result, ensure_ascii=False).casefold()
            counts.add(cell.module, "nothing told" if not result.get("failed") else "refused by name" if named else "refused")
    finally:
        platform.sandbox.control("DELETE", "/faults")


NOT_WHERE_IT_GOES = ("plan", "credential")
"""What is not looked at of something that is to be absent."""


def _goes(task: Json) -> bool:
    return any(f'"{state}"' in json.dumps(task) for state in ("absent", "retired"))


def _put(task: Json, option: str, value: t.Any) -> Json | None:
    """The task with the option given a value, where it has the option, or what is around it; None where it has not."""
    made = copy.deepcopy(task)
    *above, last = option.split(".")
    holder: t.Any = made
    for key in above:
        holder = holder.get(key)
        if isinstance(holder, list):
            holder = holder[0] if holder else None
        if not isinstance(holder, dict):
            return None
    if last not in holder:
        return None
    holder[last] = [value] if isinstance(holder[last], list) else value
    return made


def _refused(cell: Cell, value: t.Any, options: Json, result: Json) -> None:
    """An error of ours. What reads, and what is to be absent, may find nothing of the name instead, and tells nothing of what there is."""
    told = json.dumps({key: part for key, part in result.items() if key not in ("msg", "error", "exception")}, ensure_ascii=False)
    assert not [secret for secret in TOLD_OF_VICTIM if secret in told], (value, result)
    if (cell.module, cell.option) in UNOWNED and cell.owners != "shown":
        return
    if not result.get("failed"):
        assert result["changed"] is False, (value, result)
        assert cell.module.endswith("_info") or _goes(options), (value, result)
    else:
        assert result.get("error", {}).get("kind") in ("Refused", "NotFound", "InputError", "ApiError"), (value, result)


UNOWNED = {("commvault_job", "job_ids"): "jobs name no owner that could be relied on (SECURITY.md, known limits)"}
"""Where a server that forgets to filter is not found out, and why; nothing is written all the same."""
