# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A VM's configuration as plain data: read from vCenter at backup, turned into the specification of a new VM at restore."""

from __future__ import annotations

import re
import typing as t

from pyVmomi import vim

from commvaultsim.vms.vcenter import Inventory, Node, VCenter

Json = dict[str, t.Any]
PATHS = [
    "name",
    "config.uuid",
    "config.instanceUuid",
    "config.guestId",
    "config.guestFullName",
    "config.annotation",
    "config.bootOptions.efiSecureBootEnabled",
    "config.cpuAllocation",
    "config.firmware",
    "config.memoryAllocation",
    "config.version",
    "config.hardware",
    "config.files",
    "runtime.powerState",
    "runtime.host",
    "guest.hostName",
    "parent",
    "resourcePool",
]
CARDS = {
    vim.vm.device.VirtualVmxnet3: "vmxnet3",
    vim.vm.device.VirtualE1000e: "e1000e",
    vim.vm.device.VirtualE1000: "e1000",
    vim.vm.device.VirtualVmxnet2: "vmxnet2",
    vim.vm.device.VirtualPCNet32: "pcnet32",
    vim.vm.device.VirtualSriovEthernetCard: "sriov",
}
CONTROLLERS = {
    vim.vm.device.ParaVirtualSCSIController: "pvscsi",
    vim.vm.device.VirtualLsiLogicSASController: "lsilogicsas",
    vim.vm.device.VirtualLsiLogicController: "lsilogic",
    vim.vm.device.VirtualBusLogicController: "buslogic",
    vim.vm.device.VirtualNVMEController: "nvme",
    vim.vm.device.VirtualAHCIController: "ahci",
    vim.vm.device.VirtualIDEController: "ide",
}
REMOVABLE = {vim.vm.device.VirtualCdrom: "cdrom", vim.vm.device.VirtualFloppy: "floppy", vim.vm.device.VirtualUSB: "usb"}
#: What a restored VM can be made without, and what it has then.
PLAIN: Json = {"annotation": "", "firmware": "bios", "secure_boot": False, "tpm": False, "cpu": None, "memory": None}
BUSES = {"pvscsi": "scsi", "lsilogicsas": "scsi", "lsilogic": "scsi", "buslogic": "scsi", "nvme": "nvme", "ahci": "sata", "ide": "ide"}


def read(vcenter: VCenter, inventory: Inventory, nodes: list[Node]) -> list[Json]:
    """The configurations of some VMs, as they are now, in one property collector call."""
    return [_config(inventory, ref, props) for ref, props in vcenter.read([node.ref for node in nodes], PATHS)]


def _config(inventory: Inventory, ref: t.Any, props: Json) -> Json:
    node = inventory.nodes[ref._moId]
    folder = next((place for place in inventory.ancestors(node) if place.kind == "Folder"), None)
    host = inventory.nodes.get(props["runtime.host"]._moId) if props.get("runtime.host") else None
    cluster = inventory.nodes.get(host.parent) if host else None
    center = inventory.datacenter(node)
    hardware = props["config.hardware"]
    controllers: dict[int, t.Any] = {d.key: d for d in hardware.device if type(d) in CONTROLLERS}
    name = node.name
    return {
        "name": name,
        "moid": node.id,
        "instance_uuid": props.get("config.instanceUuid") or "",
        "bios_uuid": props.get("config.uuid") or "",
        "guest_id": props.get("config.guestId") or "otherGuest",
        "guest_full_name": props.get("config.guestFullName") or "",
        "guest_hostname": props.get("guest.hostName") or "",
        "annotation": props.get("config.annotation") or "",
        "firmware": props.get("config.firmware") or "",
        "version": props.get("config.version") or "",
        "secure_boot": bool(props.get("config.bootOptions.efiSecureBootEnabled")),
        "tpm": any(isinstance(d, vim.vm.device.VirtualTPM) for d in hardware.device),
        "cpu": _resources(props.get("config.cpuAllocation")),
        "memory": _resources(props.get("config.memoryAllocation")),
        "cpus": hardware.numCPU,
        "cores_per_socket": hardware.numCoresPerSocket or 1,
        "memory_mb": hardware.memoryMB,
        "power_state": str(props.get("runtime.powerState")),
        "folder": inventory.path(folder) if folder else "",
        "host": host.name if host else "",
        "cluster": cluster.name if cluster else "",
        "datacenter": center.name if center else "",
        "vm_path": props["config.files"].vmPathName if props.get("config.files") else "",
        "controllers": [{"key": c.key, "type": CONTROLLERS[type(c)], "bus": c.busNumber} for c in controllers.values()],
        "disks": [_disk(d, controllers, name) for d in hardware.device if isinstance(d, vim.vm.device.VirtualDisk)],
        "nics": [_nic(d, inventory) for d in hardware.device if isinstance(d, vim.vm.device.VirtualEthernetCard)],
        "removable": [{"kind": kind, "label": _label(d)} for d in hardware.device for cls, kind in REMOVABLE.items() if isinstance(d, cls)],
    }


def _resources(allocation: t.Any) -> Json | None:
    if allocation is None:
        return None
    shares = {"level": str(allocation.shares.level), "shares": allocation.shares.shares} if allocation.shares else None
    return {"reservation": allocation.reservation, "limit": allocation.limit, "shares": shares}


def _label(device: t.Any) -> str:
    return str(device.deviceInfo.label) if device.deviceInfo else ""


def _disk(device: t.Any, controllers: dict[int, t.Any], vm_name: str) -> Json:
    backing = device.backing
    controller = controllers.get(device.controllerKey)
    kind = CONTROLLERS[type(controller)] if controller else "pvscsi"
    bus = controller.busNumber if controller else 0
    file_name = getattr(backing, "fileName", "") or ""
    mode = str(getattr(backing, "diskMode", "") or "persistent")
    datastore = re.match(r"\[(.*?)\]", file_name)
    raw = isinstance(backing, vim.vm.device.VirtualDisk.RawDiskMappingVer1BackingInfo)
    short = file_name.rpartition("/")[2] or f"{vm_name}_{device.key}.vmdk"
    return {
        "key": device.key,
        "label": _label(device),
        "controller_key": device.controllerKey,
        "unit": device.unitNumber or 0,
        "mode": mode,
        "size_bytes": int(getattr(device, "capacityInBytes", 0) or device.capacityInKB * 1024),
        "datastore": datastore.group(1) if datastore else "",
        "file_name": file_name,
        "file": short,
        "name": f"{BUSES[kind]}{bus}-{device.unitNumber or 0}-{short}",
        "node": f"{BUSES[kind].upper()} ({bus}:{device.unitNumber or 0})",
        "thin": bool(getattr(backing, "thinProvisioned", False)),
        "skipped": "independent disk: a snapshot leaves it out"
        if mode.startswith("independent")
        else "raw device in physical mode: a snapshot leaves it out"
        if raw and backing.compatibilityMode == "physicalMode"
        else "",
    }


def _nic(device: t.Any, inventory: Inventory) -> Json:
    backing, network = device.backing, ""
    if isinstance(backing, vim.vm.device.VirtualEthernetCard.DistributedVirtualPortBackingInfo):
        group = inventory.nodes.get(backing.port.portgroupKey)
        network = group.name if group else backing.port.portgroupKey
    else:
        network = getattr(backing, "deviceName", "") or ""
    connect = device.connectable
    return {
        "key": device.key,
        "label": _label(device),
        "type": next((k for c, k in CARDS.items() if isinstance(device, c)), "vmxnet3"),
        "mac": device.macAddress or "",
        "network": network,
        "connected": bool(connect and connect.connected),
        "start_connected": bool(connect.startConnected) if connect else True,
    }


# --- the other way -----------------------------------------------------------------------------------------------


def spec(
    config: Json, *, name: str, home: str, stores: dict[str, str], networks: list[Node], thin: bool | None, keep_identity: bool
) -> t.Any:
    """The specification of a new VM from a kept configuration.

    ``home`` is the datastore of its own files, ``stores`` maps each kept disk's index name to a datastore, and ``networks`` has one
    network for each kept card, in order.
    With ``keep_identity`` (in place) UUIDs and MAC addresses are those of the kept VM; otherwise vCenter gives new ones.
    """
    disks = [disk for disk in config["disks"] if not disk["skipped"]]
    used = {disk["controller_key"] for disk in disks}
    changes = [_add(_controller(row)) for row in config["controllers"] if row["key"] in used]
    changes += [_add(_new_disk(disk, stores[disk["name"]], thin), True) for disk in disks]
    changes += [
        _add(_new_card(nic, network, index, keep_identity))
        for index, (nic, network) in enumerate(zip(config["nics"], networks, strict=True))
    ]
    if any(row["kind"] == "cdrom" for row in config["removable"]):
        changes += _cdrom(config["controllers"], used)
    if config["tpm"]:
        changes.append(_add(vim.vm.device.VirtualTPM(key=-11000)))
    out = vim.vm.ConfigSpec(
        name=name,
        guestId=config["guest_id"],
        numCPUs=config["cpus"],
        numCoresPerSocket=config["cores_per_socket"],
        memoryMB=config["memory_mb"],
        annotation=config["annotation"],
        files=vim.vm.FileInfo(vmPathName=f"[{home}]"),
        deviceChange=changes,
    )
    if config["firmware"]:
        out.firmware = config["firmware"]
    if config["version"]:
        out.version = config["version"]
    if config["secure_boot"]:
        out.bootOptions = vim.vm.BootOptions(efiSecureBootEnabled=True)
    if config["cpu"]:
        out.cpuAllocation = _allocation(config["cpu"])
    if config["memory"]:
        out.memoryAllocation = _allocation(config["memory"])
    if keep_identity:
        out.uuid, out.instanceUuid = config["bios_uuid"], config["instance_uuid"]
    return out


def _allocation(kept: Json) -> t.Any:
    shares = vim.SharesInfo(**kept["shares"]) if kept["shares"] else None
    return vim.ResourceAllocationInfo(reservation=kept["reservation"], limit=kept["limit"], expandableReservation=False, shares=shares)


def _add(device: t.Any, create_file: bool = False) -> t.Any:
    return vim.vm.device.VirtualDeviceSpec(operation="add", device=device, fileOperation="create" if create_file else None)


def _controller(row: Json) -> t.Any:
    device = next(cls for cls, kind in CONTROLLERS.items() if kind == row["type"])(key=row["key"], busNumber=row["bus"])
    if BUSES[row["type"]] == "scsi":
        device.sharedBus = "noSharing"
    return device


def _new_disk(disk: Json, datastore: str, thin: bool | None) -> t.Any:
    backing = vim.vm.device.VirtualDisk.FlatVer2BackingInfo(
        fileName=f"[{datastore}]", diskMode=disk["mode"], thinProvisioned=disk["thin"] if thin is None else thin
    )
    return vim.vm.device.VirtualDisk(
        key=-disk["key"],
        controllerKey=disk["controller_key"],
        unitNumber=disk["unit"],
        backing=backing,
        capacityInKB=disk["size_bytes"] // 1024,
        capacityInBytes=disk["size_bytes"],
        deviceInfo=vim.Description(label=disk["label"], summary=disk["label"]),
    )


def _new_card(nic: Json, network: Node, index: int, keep_identity: bool) -> t.Any:
    cls = next(cls for cls, kind in CARDS.items() if kind == nic["type"])
    if network.kind == "DistributedVirtualPortgroup":
        port = vim.dvs.PortConnection(portgroupKey=network.ref.key, switchUuid=network.ref.config.distributedVirtualSwitch.uuid)
        backing = vim.vm.device.VirtualEthernetCard.DistributedVirtualPortBackingInfo(port=port)
    else:
        backing = vim.vm.device.VirtualEthernetCard.NetworkBackingInfo(deviceName=network.name)
    card = cls(
        key=-(300 + index),
        controllerKey=100,
        unitNumber=7 + index,
        backing=backing,
        deviceInfo=vim.Description(label=nic["label"], summary=network.name),
        connectable=vim.vm.device.VirtualDevice.ConnectInfo(startConnected=nic["start_connected"], allowGuestControl=True, connected=False),
    )
    if keep_identity:
        card.addressType, card.macAddress = "manual", nic["mac"]
    else:
        card.addressType = "generated"
    return card


def _cdrom(controllers: list[Json], used: set[int]) -> list[t.Any]:
    """A CD drive that holds nothing, on the IDE controller of old or a new one."""
    changes = []
    ide = next((row for row in controllers if row["type"] == "ide"), None)
    key = ide["key"] if ide else 200
    if key not in used:
        changes.append(_add(vim.vm.device.VirtualIDEController(key=key, busNumber=ide["bus"] if ide else 0)))
    backing = vim.vm.device.VirtualCdrom.RemotePassthroughBackingInfo(deviceName="", exclusive=False)
    changes.append(
        _add(
            vim.vm.device.VirtualCdrom(
                key=-3000,
                controllerKey=key,
                unitNumber=0,
                backing=backing,
                deviceInfo=vim.Description(label="CD/DVD drive 1", summary="Remote device"),
                connectable=vim.vm.device.VirtualDevice.ConnectInfo(startConnected=False, allowGuestControl=True, connected=False),
            )
        )
    )
    return changes
