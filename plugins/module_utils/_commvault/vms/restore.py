# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection: may change in any release.

from __future__ import annotations

import dataclasses
import itertools
import typing as t

from ..._core.argspec import ArgumentSpec
from ..._core.errors import InputError, JobFailed, Refused
from ..backups import restore
from ..backups.recovery_points import RecoveryPoint, select
from ..backups.restore import Planned
from ..wire import lookup
from ..wire.lookup import same_uuid
from ..wire.replies import number
from . import browse as vm_browse
from . import lookup as vm_lookup
from .lookup import VCenter, VmSource

if t.TYPE_CHECKING:
    from ..wire.client import Commvault

Row = dict[str, t.Any]
VMWARE = 1
FULL_VM = 1
ELSEWHERE = "Restore it elsewhere with destination."


def options(vcenter: Row) -> ArgumentSpec:
    """The option vm. vcenter: the options that say how to reach the vCenter that is restored to."""
    destination = {
        "new_name": {"type": "str", "required": True},
        "hypervisor": {"type": "str"},
        "access_node": {"type": "str"},
        "esx_host": {"type": "str", "required": True},
        "folder": {"type": "str", "required": True},
        "resource_pool": {"type": "str", "default": "/"},
        "datastore": {"type": "str", "required": True},
        "datastores": {
            "type": "list",
            "elements": "dict",
            "default": [],
            "options": {"disk": {"type": "str", "required": True}, "datastore": {"type": "str", "required": True}},
        },
        "network": {"type": "str"},
        "networks": {
            "type": "list",
            "elements": "dict",
            "default": [],
            "options": {"source": {"type": "str", "required": True}, "destination": {"type": "str", "required": True}},
        },
        "power_on": {"type": "bool", "default": False},
        "overwrite": {"type": "bool", "default": False},
        "vcenter": {"type": "dict", "required": True, "options": vcenter},
    }
    in_place = {
        "overwrite": {"type": "bool", "default": False},
        "power_on": {"type": "bool", "default": False},
        "access_node": {"type": "str"},
        "vcenter": {"type": "dict", "required": True, "options": vcenter},
    }
    machine = {
        **vm_lookup.VM_OPTIONS,
        "destination": {"type": "dict", "options": destination},
        "in_place": {"type": "dict", "options": in_place},
    }
    ways = [("destination", "in_place")]
    rules = {**vm_lookup.VM_RULES, **{key: [*vm_lookup.VM_RULES[key], *ways] for key in ("mutually_exclusive", "required_one_of")}}
    return ArgumentSpec({"vm": {"type": "dict", "options": machine, **rules}})


class Look(t.Protocol):
    """What vCenter holds: a folder's full path, the VMs of a name or an instance UUID, and what names mean (_vcenter namesakes.read)."""

    def __call__(self, name: str, folder: str, uuid: str | None = None, place: Row | None = None) -> Row: ...


@dataclasses.dataclass(frozen=True)
class Placement:
    """Where a restored VM goes.

    folder: from vCenter's root. disks: name, file_name, datastore. nics: label, source, network, network_moid.
    """

    new_name: str
    access_node: str
    esx_host: str
    folder: str
    resource_pool: str
    datastore: str
    disks: list[Row]
    nics: list[Row]
    power_on: bool
    overwrite: bool
    in_place: bool = False


@dataclasses.dataclass(frozen=True)
class VmRestore:
    """A restore of a VM that has been looked up and found possible. configuration: of its backup. before: what vCenter held."""

    source: VmSource
    point: RecoveryPoint
    configuration: Row
    hypervisor: VCenter
    placement: Placement
    before: Row

    def to_record(self) -> Row:
        place = self.placement
        shown = ("access_node", "esx_host", "folder", "disks", "nics", "power_on", "overwrite", "in_place")
        return {
            "backup_job": self.point.to_record(),
            "source": self.source.to_record(),
            "configuration": self.configuration,
            "destination": {"hypervisor": self.hypervisor.name, **{key: getattr(place, key) for key in shown}},
        }


def plan(client: Commvault, wanted: Row, look: Look) -> Planned:
    """A VM, restored under a new name or in place. wanted: the option vm."""
    source = vm_lookup.vm(client, wanted)
    place = _in_place if wanted["in_place"] else _out_of_place
    found = place(client, wanted, source, look) if source else None
    unknown = {**_named(wanted, found), "moid": None, "instance_uuid": None}
    if found is None:
        return Planned({"backup_job": None, "vm": unknown})
    record = {"vm": unknown, **found.to_record()}
    return Planned(record, task(found.source, found.point, request(found)), lambda job: (True, {"vm": _restored(look, found, job)}))


def _named(wanted: Row, found: VmRestore | None) -> Row:
    """What the new VM will be called, and where, as far as that is known before it is there."""
    if wanted["destination"]:
        return {"name": wanted["destination"]["new_name"], "folder": wanted["destination"]["folder"]}
    return {"name": found.placement.new_name, "folder": found.placement.folder} if found else {"name": wanted["name"], "folder": None}


# Beside what is there: under a name of its own, where the task says


def _out_of_place(client: Commvault, wanted: Row, source: VmSource, look: Look) -> VmRestore | None:
    """None in check mode where the destination's hypervisor is not there yet."""
    place = wanted["destination"]
    hypervisor = vm_lookup.vcenter(client, place["hypervisor"], source.hypervisor_id)
    if hypervisor is None:
        return None
    lookup.require_same_tenant(client, source.owner, hypervisor.owner, source.label, f'the hypervisor "{hypervisor.name}"')
    stores = {place["datastore"], *(entry["datastore"] for entry in place["datastores"])}
    networks = {place["network"], *(entry["destination"] for entry in place["networks"])}
    before = look(place["new_name"], place["folder"], place=_names(place["esx_host"], stores, networks))
    _guard_name(place, before)
    point = select(source.recovery_points(client), source.label, wanted["job_id"], wanted["point_in_time"])
    configuration = vm_browse.vm_configuration(client, source, point)
    placement = Placement(
        new_name=place["new_name"],
        access_node=vm_lookup.access_node(client, hypervisor, place["access_node"]),
        esx_host=place["esx_host"],
        folder=before["folder"],
        resource_pool=place["resource_pool"],
        datastore=place["datastore"],
        disks=_disks(configuration["disks"], place),
        nics=_identified(_nics(configuration["nics"], place), before),
        power_on=place["power_on"],
        overwrite=place["overwrite"],
    )
    return VmRestore(source, point, configuration, hypervisor, placement, before)


def _guard_name(place: Row, before: Row) -> None:
    """A name that is taken: never without overwrite, and with it only by a VM that lies where the new one is to lie."""
    taken = [vm for vm in before["vms"] if not (place["overwrite"] and vm["in_folder"])]
    if not taken:
        return
    where = ", ".join(f'{vm["moid"]} in "{vm["folder"]}"' for vm in taken)
    way_out = (
        "overwrite replaces a VM in the destination folder only. Choose another new_name."
        if place["overwrite"]
        else "Choose another new_name, or allow its replacement with overwrite."
    )
    raise Refused(f'vCenter has a VM named "{place["new_name"]}" already: {where}. {way_out}', object=place["new_name"])


def _disks(disks: list[Row], place: Row) -> list[Row]:
    """Each disk with the datastore it goes to and the file it becomes there."""
    chosen = {}
    for entry in place["datastores"]:
        named = vm_browse.disks_called(disks, entry["disk"])
        if len(named) != 1:
            held = f"of which the backup holds {len(named)}. It holds: {vm_browse.shown_disks(disks)}."
            raise InputError(f'datastores names the disk "{entry["disk"]}", {held}')
        chosen[named[0]["name"]] = entry["datastore"]
    placed: list[Row] = []
    for disk in disks:
        store = chosen.get(disk["name"], place["datastore"])
        taken = {other["file_name"].casefold() for other in placed if other["datastore"] == store}
        placed.append({"name": disk["name"], "file_name": _free(disk["file_name"], taken), "datastore": store})
    return placed


def _free(name: str, taken: set[str]) -> str:
    """A file name that is not taken: disks that lay on different datastores can have the same one, and may now meet on one."""
    stem, dot, extension = name.rpartition(".")
    tries = (f"{stem or name}-{number}{dot}{extension}" if dot else f"{name}-{number}" for number in itertools.count(2))
    return next(free for free in itertools.chain([name], tries) if free.casefold() not in taken)


def _nics(nics: list[Row], place: Row) -> list[Row]:
    """Each network card with the network it is put into: none may fall back to the original's by omission."""
    chosen = {entry["source"]: entry["destination"] for entry in place["networks"]}
    stray = sorted(set(chosen) - {nic["network"] for nic in nics})
    if stray:
        names = ", ".join(sorted({nic["network"] for nic in nics})) or "none"
        raise InputError(f"networks names networks that no card of the backup was in: {', '.join(stray)}. They were in: {names}.")
    open_cards = [f'{nic["label"]} ("{nic["network"]}")' for nic in nics if nic["network"] not in chosen and not place["network"]]
    if open_cards:
        raise InputError(f"Say which network these cards go to, with network or networks: {', '.join(open_cards)}.")
    return [{"label": nic["label"], "source": nic["network"], "network": chosen.get(nic["network"], place["network"])} for nic in nics]


def _names(host: str, datastores: t.Iterable[str | None], networks: t.Iterable[str | None]) -> Row:
    """What vCenter is asked about, since each name has to mean one thing."""
    return {"host": host, "datastores": sorted(filter(None, datastores)), "networks": sorted(filter(None, networks))}


def _identified(nics: list[Row], before: Row) -> list[Row]:
    """Each card with the managed object id of its network; None where the host reaches none of that name."""
    return [{**nic, "network_moid": before["networks"].get(nic["network"])} for nic in nics]


# In place: where its backup says that it was. What is there of it now goes


def _in_place(client: Commvault, wanted: Row, source: VmSource, look: Look) -> VmRestore | None:
    """None in check mode where the VM's hypervisor is not there yet."""
    place = wanted["in_place"]
    hypervisor = vm_lookup.vcenter(client, None, source.hypervisor_id)
    if hypervisor is None:
        return None
    point = select(source.recovery_points(client), source.label, wanted["job_id"], wanted["point_in_time"])
    kept = vm_browse.vm_configuration(client, source, point)
    untold = [word for word in ("esx_host", "datastore", "folder") if not kept[word]]
    if untold:
        raise InputError(f"The backup of {source.label} {point.ending} does not tell where the VM was: {', '.join(untold)}. {ELSEWHERE}")
    stores = {kept["datastore"], *(disk["datastore"] for disk in kept["disks"])}
    before = look(source.name, kept["folder"], source.uuid, _names(kept["esx_host"], stores, {nic["network"] for nic in kept["nics"]}))
    _guard_place(source, before, place["overwrite"], point.ending)
    placement = Placement(
        new_name=source.name,
        access_node=vm_lookup.access_node(client, hypervisor, place["access_node"], "in_place.access_node"),
        esx_host=kept["esx_host"],
        folder=kept["folder"],
        resource_pool=kept["resource_pool"] or "/",
        datastore=kept["datastore"],
        disks=[{**disk, "datastore": disk["datastore"] or kept["datastore"]} for disk in kept["disks"]],
        nics=_identified([{"label": nic["label"], "source": nic["network"], "network": nic["network"]} for nic in kept["nics"]], before),
        power_on=place["power_on"],
        overwrite=place["overwrite"],
        in_place=True,
    )
    return VmRestore(source, point, kept, hypervisor, placement, before)


def _guard_place(source: VmSource, before: Row, overwrite: bool, ending: str) -> None:
    """The VM itself goes only if that is asked for; another VM of its name in its place, never."""
    strangers = [vm for vm in before["vms"] if vm["in_folder"] and not same_uuid(vm["instance_uuid"], source.uuid)]
    if strangers:
        raise Refused(
            f'Where {source.label} was, in "{before["folder"]}", there is another VM of its name now: {strangers[0]["moid"]} '
            f"({strangers[0]['instance_uuid']}). Rename it or move it away. {ELSEWHERE}",
            object=source.name,
        )
    there = [vm for vm in before["vms"] if same_uuid(vm["instance_uuid"], source.uuid)]
    if there and not overwrite:
        raise Refused(
            f'{source.label} is there: {there[0]["moid"]} in "{there[0]["folder"]}". A restore in place deletes it, and what it holds '
            f"since the backup {ending} is lost. Say in_place.overwrite=true. {ELSEWHERE}",
            object=source.name,
        )


def _restored(look: Look, found: VmRestore, job: Row) -> Row:
    """The VM that came into being: of the new name, in its folder, and not there before the job. In place its identity may stay."""
    name, folder, uuid = found.placement.new_name, found.placement.folder, found.source.uuid
    after = look(name, folder, uuid) if found.placement.in_place else look(name, folder)
    old = {vm["moid"] for vm in found.before["vms"]}
    fresh = [vm for vm in after["vms"] if vm["in_folder"] and vm["moid"] not in old]
    if found.placement.in_place:
        fresh = [vm for vm in after["vms"] if same_uuid(vm["instance_uuid"], uuid)] or fresh
    if len(fresh) != 1:
        seen = ", ".join(f'{vm["moid"]} in "{vm["folder"]}"' for vm in after["vms"]) or "none"
        raise JobFailed(
            f'The restore job {job["id"]} says {job["status"]}, but vCenter shows {len(fresh)} new VMs named "{name}" in "{folder}". '
            f"Of this name are: {seen}.",
            jobs=[job],
            object=name,
        )
    return {key: fresh[0][key] for key in ("name", "moid", "instance_uuid", "folder")}


# What is sent


def task(source: VmSource, point: RecoveryPoint, options: Row) -> restore.Task:
    """The start of a restore of a VM or a part of it. options: restoreOptions.

    For a VM with a client of its own the source is that client, without the subclient's GUID (cvpysdk vmclient.py).
    """
    kept = ("clientId", "clientName", "instanceId", "instanceName", "backupsetId", "backupsetName", "subclientId", "subclientName")
    association = {"appName": "Virtual Server", "applicationId": 106, **{key: point.entity[key] for key in kept if point.entity.get(key)}}
    # The job may be told of the VM's own client or of its hypervisor.
    return restore.Task(association, options, frozenset({number(point.entity, "clientId"), source.hypervisor_id}))


def request(found: VmRestore) -> Row:
    """restoreOptions of a full VM restore (cvpysdk subclients/virtualserver/vmware.py full_vm_restore_out_of_place and _in_place).

    Disks and cards are called as the backup calls them. The misspelled names are the API's.
    """
    place = found.placement
    return {
        **common_request(found.point),
        "commonOptions": {
            **restore.COMMON_OPTIONS,
            "offlineMiningRestore": False,
            "detectRegularExpression": True,
            "restoreToExchange": False,
            "skipErrorsAndContinue": False,
            "restoreACLs": True,
            "unconditionalOverwrite": place.overwrite,
        },
        "destination": {
            "isLegalHold": False,
            "inPlace": place.in_place,
            **({} if place.in_place else {"destPath": [""]}),
            # By name only: an id of the access node breaks restores of VMs.
            "destClient": {"clientName": place.access_node},
        },
        "fileOption": {"sourceItem": [f"\\{found.source.uuid}"], "browseFilters": []},
        "virtualServerRstOption": {
            **virtual_server(disks=True),
            # The vCenter, despite the name.
            "esxServer": found.hypervisor.host,
            **_vcenter(found),
        },
        "sharePointRstOption": {"is90OrUpgradedClient": False},
        "volumeRstOption": volumes(VMWARE, FULL_VM),
    }


def common_request(point: RecoveryPoint) -> Row:
    """The part of restoreOptions that says which backup, the same for VMs, disks and guest files."""
    return {
        "impersonation": {"useImpersonation": False, "user": {"userName": "", "password": ""}},
        "browseOption": restore.browse_option({"clientName": point.entity.get("clientName"), "appName": "virtual server"}, point.until),
    }


def virtual_server(disks: bool = False, files: bool = False) -> Row:
    """virtualServerRstOption, as far as it is the same for all."""
    return {
        "isDiskBrowse": disks,
        "isFileBrowse": files,
        "isVolumeBrowse": False,
        "isVirtualLab": False,
        "esxServer": "",
        "isAttachToNewVM": False,
        "viewType": "DEFAULT",
        "isBlockLevelReplication": False,
    }


def volumes(vendor: int, kind: int) -> Row:
    """volumeRstOption. vendor: destinationVendor. kind: volumeLevelRestoreType."""
    return {"destinationVendor": vendor, "volumeLeveRestore": False, "volumeLevelRestoreType": kind, "destinationDiskType": 0}


def _vcenter(found: VmRestore) -> Row:
    """How the VM is made in its vCenter."""
    place, hypervisor = found.placement, found.hypervisor
    return {
        "diskLevelVMRestoreOption": {
            "esxServerName": hypervisor.host,
            "vmFolderName": "",
            "dataCenterName": "",
            "hostOrCluster": "",
            "diskOption": 0,
            "vmName": "",
            "transportMode": 0,
            "passUnconditionalOverride": place.overwrite,
            "powerOnVmAfterRestore": place.power_on,
            "registerWithFailoverCluster": False,
            "userPassword": {"userName": hypervisor.user},
            "redirectWritesToDatastore": "",
            "delayMigrationMinutes": 0,
            "advancedRestoreOptions": [_machine(found.source, found.configuration, place)],
            **({"dataStore": {}} if place.in_place else {}),
        },
        "vCenterInstance": {
            "clientName": hypervisor.name,
            "clientId": hypervisor.id,
            "instanceName": hypervisor.instance,
            "instanceId": hypervisor.instance_id,
            "appName": "Virtual Server",
        },
    }


def _machine(source: VmSource, configuration: Row, place: Placement) -> Row:
    return {
        "guid": source.uuid,
        "name": configuration["name"],
        "newName": place.new_name,
        "newGuid": "",
        "esxHost": place.esx_host,
        "Datastore": place.datastore,
        "FolderPath": place.folder,
        "resourcePoolPath": place.resource_pool,
        "projectId": "",
        "cluster": "",
        # A copy with the original's tags would fall into the VM groups that choose by tag, and be backed up too.
        "restoreVMTags": place.in_place,
        "vmTags": [],
        "vmIPAddressOptions": [],
        "vmCustomMetadata": [],
        "volumeType": "Auto",
        "disks": [{"name": disk["name"], "Datastore": disk["datastore"], "newName": disk["file_name"]} for disk in place.disks],
        "nics": [
            {
                "name": nic["label"],
                "sourceNetwork": nic["source"],
                "sourceNetworkId": "",
                "destinationNetwork": nic["network"],
                "networkName": nic["network"],
                "subnetId": "",
                "publicIPaddress": "",
                "privateIPaddress": "",
            }
            for nic in place.nics
        ],
    }
