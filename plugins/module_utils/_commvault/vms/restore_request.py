# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection: may change in any release.

from __future__ import annotations

import dataclasses
import typing as t

from ..backups import restore

if t.TYPE_CHECKING:
    from ..backups.points import Point
    from .hypervisors import Hypervisor
    from .lookup import VmSource

Row = dict[str, t.Any]


class Look(t.Protocol):
    """What vCenter holds: a folder's full path, and the VMs of a name or an instance UUID (_vcenter namesakes.read)."""

    def __call__(self, name: str, folder: str, uuid: str | None = None) -> Row: ...


VMWARE = 1
FULL_VM = 1


@dataclasses.dataclass(frozen=True)
class Placement:
    """Where a restored VM goes. folder: from vCenter's root. disks: name, file_name, datastore. nics: label, source, network."""

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
    """A restore of a VM that has been looked up and found possible."""

    source: VmSource
    point: Point
    configuration: Row
    hypervisor: Hypervisor
    placement: Placement
    before: Row

    def to_record(self) -> Row:
        place = self.placement
        return {
            "backup_job": self.point.to_record(),
            "source": self.source.to_record(),
            "configuration": self.configuration,
            "destination": {
                "hypervisor": self.hypervisor.name,
                "access_node": place.access_node,
                "esx_host": place.esx_host,
                "folder": place.folder,
                "disks": place.disks,
                "nics": place.nics,
                "power_on": place.power_on,
                "overwrite": place.overwrite,
                "in_place": place.in_place,
            },
        }


def task(source: VmSource, point: Point, options: Row) -> restore.Task:
    """The start of a restore of a VM or a part of it. options: restoreOptions."""
    # The job may be told of the VM's own client or of its hypervisor.
    return restore.Task(_association(point), options, frozenset({int(point.entity.get("clientId") or 0), source.hypervisor_id}))


def _association(point: Point) -> Row:
    """The source in a task. For a VM with a client of its own that is this client, without the subclient's GUID (cvpysdk vmclient.py)."""
    kept = ("clientId", "clientName", "instanceId", "instanceName", "backupsetId", "backupsetName", "subclientId", "subclientName")
    return {"appName": "Virtual Server", "applicationId": 106, **{key: point.entity[key] for key in kept if point.entity.get(key)}}


def request(source: VmSource, point: Point, configuration: Row, hypervisor: Hypervisor, place: Placement) -> Row:
    """restoreOptions of a full VM restore (cvpysdk subclients/virtualserver/vmware.py full_vm_restore_out_of_place and _in_place).

    Disks and cards are called as the backup calls them. The misspelled names are the API's.
    """
    return {
        "impersonation": {"useImpersonation": False, "user": {"userName": "", "password": ""}},
        "browseOption": restore.browse_option({"clientName": point.entity.get("clientName"), "appName": "virtual server"}, point.until),
        "commonOptions": _common(place),
        "destination": {
            "isLegalHold": False,
            "inPlace": place.in_place,
            **({} if place.in_place else {"destPath": [""]}),
            # By name only: an id of the access node breaks restores of VMs.
            "destClient": {"clientName": place.access_node},
        },
        "fileOption": {"sourceItem": [f"\\{source.uuid}"], "browseFilters": []},
        "virtualServerRstOption": _virtual_server(source, configuration, hypervisor, place),
        "sharePointRstOption": {"is90OrUpgradedClient": False},
        "volumeRstOption": {
            "destinationVendor": VMWARE,
            "volumeLeveRestore": False,
            "volumeLevelRestoreType": FULL_VM,
            "destinationDiskType": 0,
        },
    }


def _virtual_server(source: VmSource, configuration: Row, hypervisor: Hypervisor, place: Placement) -> Row:
    return {
        "isDiskBrowse": True,
        "isFileBrowse": False,
        "isVolumeBrowse": False,
        "isVirtualLab": False,
        # The vCenter, despite the name.
        "esxServer": hypervisor.vcenter_host,
        "isAttachToNewVM": False,
        "viewType": "DEFAULT",
        "isBlockLevelReplication": False,
        "diskLevelVMRestoreOption": {
            "esxServerName": hypervisor.vcenter_host,
            "vmFolderName": "",
            "dataCenterName": "",
            "hostOrCluster": "",
            "diskOption": 0,
            "vmName": "",
            "transportMode": 0,
            "passUnconditionalOverride": place.overwrite,
            "powerOnVmAfterRestore": place.power_on,
            "registerWithFailoverCluster": False,
            "userPassword": {"userName": hypervisor.vcenter_user},
            "redirectWritesToDatastore": "",
            "delayMigrationMinutes": 0,
            "advancedRestoreOptions": [_machine(source, configuration, place)],
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


def _common(place: Placement) -> Row:
    return {
        "systemStateBackup": False,
        "clusterDBBackedup": False,
        "powerRestore": False,
        "restoreToDisk": False,
        "indexFreeRestore": False,
        "offlineMiningRestore": False,
        "onePassRestore": False,
        "detectRegularExpression": True,
        "wildCard": False,
        "preserveLevel": 1,
        "restoreToExchange": False,
        "stripLevel": 0,
        "stripLevelType": 0,
        "skipErrorsAndContinue": False,
        "restoreACLs": True,
        "allVersion": False,
        "unconditionalOverwrite": place.overwrite,
        "includeAgedData": False,
        "validateOnly": False,
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
