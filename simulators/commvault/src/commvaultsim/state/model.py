# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The rows that the simulator keeps. Ids are integers from one counter; company_id 0 is the provider (the CommCell)."""

from __future__ import annotations

import dataclasses as dc
import typing as t

Json = dict[str, t.Any]

FILE_SYSTEM_WINDOWS = 33
FILE_SYSTEM_LINUX = 29
VIRTUAL_SERVER = 106
SQL_SERVER = 81
COMMCELL_NAME = "Commcell"
COMMSERVE = "sim-cs01"
_READING = {"view", "view job", "browse", "use plan"}


@dc.dataclass
class Company:
    """A tenant. ``general``, ``security`` and the like are kept as they were written."""

    id: int
    name: str
    alias: str
    guid: str = ""
    email_suffix: str = ""
    status: str = "ACTIVE"
    created: int = 0
    plans: list[int] = dc.field(default_factory=list)
    default_plans: list[Json] = dc.field(default_factory=list)
    contacts: list[int] = dc.field(default_factory=list)
    general: Json = dc.field(default_factory=dict)
    security: list[Json] = dc.field(default_factory=list)
    operators: list[Json] = dc.field(default_factory=list)
    options: Json = dc.field(default_factory=lambda: {"disableBackup": False, "disableRestore": False, "disableLogin": False})
    extra: Json = dc.field(default_factory=dict)


@dc.dataclass
class User:
    id: int
    name: str
    password: str
    guid: str = ""
    email: str = ""
    full_name: str = ""
    company_id: int = 0
    groups: list[int] = dc.field(default_factory=list)
    enabled: bool = True
    failed_logins: int = 0
    description: str = ""


@dc.dataclass
class UserGroup:
    id: int
    name: str
    guid: str = ""
    description: str = ""
    company_id: int = 0
    enabled: bool = True
    system: bool = False
    consoles: list[str] = dc.field(default_factory=list)


@dc.dataclass
class Session:
    token: str
    user_id: int
    device: str
    last_used: float


@dc.dataclass
class Region:
    id: int
    name: str
    locations: list[Json] = dc.field(default_factory=list)
    type: str = "USER_CREATED"
    company_id: int = 0


@dc.dataclass
class StoragePool:
    """``kind`` is disk or cloud; sizes are megabytes; ``worm`` is the bit mask of wormStoragePoolFlag."""

    id: int
    name: str
    kind: str = "disk"
    region_id: int = 0
    encrypted: bool = True
    cipher: str = "AES"
    key_length: int = 256
    capacity_mb: int = 0
    free_mb: int = 0
    media_agent: str = ""
    retention_days: int = -1
    worm: int = 0
    deduplication: bool = True
    company_id: int = 0
    copy_id: int = 0


@dc.dataclass
class Client:
    """A computer or a pseudo client. ``kind``: server, hypervisor, vm, commserve. ``agents``: application ids installed.

    ``props`` holds what only one kind needs: a hypervisor's vCenter, a VM's GUID, a file server's readiness.
    """

    id: int
    name: str
    kind: str = "server"
    display_name: str = ""
    host_name: str = ""
    guid: str = ""
    os: str = "windows"
    company_id: int = 0
    region_id: int = 0
    agents: list[int] = dc.field(default_factory=list)
    access_node: bool = False
    media_agent: bool = False
    ready: bool = True
    ready_reason: str = ""
    enable_backup: bool = True
    enable_restore: bool = True
    deleted: bool = False
    plan_id: int = 0
    description: str = ""
    props: Json = dc.field(default_factory=dict)


@dc.dataclass
class Instance:
    """Virtual server instances have rows; a file system agent has always instance 1 and no row."""

    id: int
    client_id: int
    application_id: int
    name: str
    guid: str = ""


@dc.dataclass
class Backupset:
    id: int
    client_id: int
    application_id: int
    instance_id: int
    name: str = "defaultBackupSet"
    guid: str = ""
    is_default: bool = True
    plan_id: int = 0
    props: Json = dc.field(default_factory=dict)


@dc.dataclass
class Subclient:
    """A file system subclient or a VM group. ``content`` and ``props`` are owned by the room of the application id."""

    id: int
    name: str
    client_id: int
    application_id: int
    instance_id: int
    backupset_id: int
    guid: str = ""
    company_id: int = 0
    plan_id: int = 0
    description: str = ""
    is_default: bool = False
    enable_backup: bool = True
    enable_restore: bool = True
    content: t.Any = dc.field(default_factory=list)
    props: Json = dc.field(default_factory=dict)
    created: int = 0


@dc.dataclass
class Destination:
    """A backup destination (storage policy copy) of a plan. Retention in days, -1 infinite."""

    id: int
    name: str
    pool_id: int
    region_id: int = 0
    default: bool = False
    precedence: int = 1
    source_id: int = 0
    backups_to_copy: str = "All_JOBS"
    full_types: str = "LAST"
    start_time: int = -1
    override: bool = True
    rule_type: str = "RETENTION_PERIOD"
    retention_days: int = 30
    extended: Json = dc.field(default_factory=dict)
    use_extended: bool = False
    data_aging: bool = True
    storage_type: str = "DISK"
    compliance_lock: bool = False
    cycles: int = 1
    snap: bool = False


@dc.dataclass
class Plan:
    """A server plan. ``schedules`` are kept in the API's shape with scheduleId and policyId filled in.

    ``own`` are the parts that a plan derived from ``parent_id`` defines itself: backupDestination, rpo, backupContent.
    """

    id: int
    name: str
    guid: str = ""
    company_id: int = 0
    destinations: list[Destination] = dc.field(default_factory=list)
    schedules: list[Json] = dc.field(default_factory=list)
    backup_window: list[Json] = dc.field(default_factory=list)
    full_backup_window: list[Json] = dc.field(default_factory=list)
    sla: Json = dc.field(default_factory=dict)
    content: Json = dc.field(default_factory=dict)
    database_options: Json = dc.field(default_factory=dict)
    snapshot_options: Json = dc.field(default_factory=dict)
    settings: Json = dc.field(default_factory=dict)
    workload: Json = dc.field(default_factory=dict)
    regions_configured: bool = False
    allow_override: bool = False
    override_restrictions: Json = dc.field(default_factory=dict)
    parent_id: int = 0
    own: list[str] = dc.field(default_factory=list)
    enabled: bool = True
    created: int = 0
    policies: dict[str, int] = dc.field(default_factory=dict)


@dc.dataclass
class JobVm:
    """One VM in a virtual server job; ``job_id`` is its child job, 0 while it has not started."""

    guid: str
    name: str
    job_id: int = 0
    status: int = 0
    reason: str = ""
    size: int = 0
    used: int = 0
    host: str = ""
    agent: str = ""
    os: str = ""
    client_id: int = 0
    start: int = 0
    end: int = 0
    destination_name: str = ""
    destination_guid: str = ""


@dc.dataclass
class VmBackup:
    """What a backup kept of one VM: ``config`` is the plain dict that vcenter.read_vms() made; see the room vms."""

    job_id: int
    parent_job_id: int
    guid: str
    name: str
    hypervisor_id: int
    subclient_id: int
    time: int
    level: str
    config: Json


@dc.dataclass
class FileBackup:
    """One cycle of a file system subclient; ``entries`` maps a client path to its manifest row (owner: the room files)."""

    job_id: int
    client_id: int
    backupset_id: int
    subclient_id: int
    time: int
    level: str
    entries: dict[str, Json] = dc.field(default_factory=dict)
    deleted: list[str] = dc.field(default_factory=list)
    extra: Json = dc.field(default_factory=dict)


@dc.dataclass
class Role:
    """Names of categories and of single permissions; company_id 0 is the provider."""

    id: int
    name: str
    categories: list[str] = dc.field(default_factory=list)
    permissions: list[str] = dc.field(default_factory=list)
    description: str = ""
    enabled: bool = True
    visible_to_all: bool = False
    company_id: int = 0

    @property
    def manages(self) -> bool:
        """Whether it lets its holder change something."""
        return self.enabled and bool(self.categories or {name.lower() for name in self.permissions} - _READING)
