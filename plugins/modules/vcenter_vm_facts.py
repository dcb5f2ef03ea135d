#!/usr/bin/python
# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: vcenter_vm_facts
short_description: Gather facts about virtual machines from vCenter
description:
  - Reads the configuration of virtual machines from vCenter in a constant number of calls and pages, however many there are.
  - The facts are what a backup covers and what a restored VM is compared with. Removable devices (CD and floppy drives, USB) are listed
    apart, since they are never part of a VM's backup.
  - A VM must meet every condition that is given. Without any, all VMs that the user may see are read.
  - A name or UUID that no VM has is no error, so that a playbook can prove that a VM is gone; it is named in the fact
    C(vcenter_vms_not_found). A folder, a cluster or a tag that does not exist is an error.
  - What could not be read (VMs removed meanwhile, missing permissions, VMs that are inaccessible, so that vCenter has no configuration of
    them) is no error either, but told in the fact C(vcenter_vms_problems) and as a warning. Values that are not known are V(null), and named
    in C(unreadable); what is empty is empty because vCenter says so.
author:
  - Calligo (@calligo)
options:
  folder:
    description:
      - Only VMs in this folder and in the folders below it.
      - A path below the datacenter's C(vm) folder, such as V(Tenants/Acme), or a path from the root, such as
        V(/Luxembourg/vm/Tenants/Acme), which is needed where several datacenters have the folder.
      - A slash in the name of a folder is written V(%2f).
    type: str
  names:
    description: Only VMs that have one of these names.
    type: list
    elements: str
  name_pattern:
    description:
      - Only VMs whose name matches this pattern, without regard to case.
      - C(*) stands for any characters, C(?) for one and C([ab]) for one of those between the brackets.
    type: str
  instance_uuids:
    description:
      - Only VMs that have one of these instance UUIDs.
      - Commvault calls it the GUID of a VM; it is unique in a vCenter, as the BIOS UUID need not be.
    type: list
    elements: str
  cluster:
    description:
      - Only VMs on hosts of the cluster with this name, or at this path from the root, such as V(/Luxembourg/host/LUX-CL1), which is needed
        where several clusters have the name.
    type: str
  tags:
    description:
      - Only VMs that have one of these tags, each written V(Category/Tag).
      - Tags are read with vCenter's REST API, as the same user.
    type: list
    elements: str
  properties:
    description:
      - The sets of facts to read. V(summary) is always read, unless only O(fields) is given.
      - V(summary) is identity, place, power state, CPUs, memory and the state of VMware Tools.
      - V(hardware) is disks, network cards, removable devices and settings such as firmware and resources.
      - V(guest) is what VMware Tools tell of the guest.
      - V(backup) is whatever makes a backup fail, leave something out or take longer, in words.
      - V(tags) is the tags, V(custom_attributes) the custom attributes.
      - V(changes) is the version of the configuration and when it was changed, with O(changes_since) also by which events.
      - Each set costs the server and the network something. The devices of a VM, for V(hardware) and V(backup), are as large as all else.
    type: list
    elements: str
    choices: [summary, hardware, guest, backup, tags, custom_attributes, changes]
  fields:
    description:
      - Single facts to read, by their names in the result; those of O(properties) are read as well if that is given.
      - The name and the managed object id of a VM are always given.
    type: list
    elements: str
    choices:
      - name
      - moid
      - instance_uuid
      - bios_uuid
      - power_state
      - connection_state
      - template
      - kind
      - folder
      - host
      - cluster
      - datacenter
      - cpus
      - memory_mb
      - guest_id
      - tools_status
      - disks
      - nics
      - removable
      - settings
      - guest
      - backup
      - tags
      - custom_attributes
      - changes
  changes_since:
    description:
      - From when on the set V(changes) tells vCenter's events, in ISO 8601, in UTC, by the clock of the machine that the module runs on. How
        far vCenter's clock differs is measured and allowed for.
      - At most two calls for each VM whose configuration was changed since then, and one more.
    type: str
  allow_partial:
    description:
      - Whether the VMs that were read will do where vCenter fails before all are, which C(vcenter_vms_problems) tells then. Otherwise that
        is an error.
    type: bool
    default: false
  wait_for_tools:
    description:
      - The most seconds to wait until VMware Tools run in all of the VMs, in one session. The set V(guest) is read then. What was seen last
        is returned, also where they do not run in time.
      - A vCenter that does not answer in between is asked again.
    type: float
  poll_seconds:
    description: Seconds between two looks with O(wait_for_tools).
    type: float
    default: 5
extends_documentation_fragment:
  - calligo.baas.output_file
  - calligo.baas.query
  - calligo.baas.vcenter
  - calligo.baas.attributes
  - calligo.baas.attributes.info
  - calligo.baas.attributes.group_vcenter
attributes:
  facts:
    description: Returns C(ansible_facts).
    support: full
notes:
  - The server selects by folder, by up to eight UUIDs, by tag and by cluster. For the other conditions only what they look at is read of
    all VMs in question, and the facts of those that meet them.
seealso:
  - module: calligo.baas.commvault_vm_group
"""

EXAMPLES = r"""
- name: Read the VMs of a tenant with all that a restore is compared with
  calligo.baas.vcenter_vm_facts:
    hostname: vcenter.example.com
    username: svc-baas@vsphere.local
    password: "{{ lookup('ansible.builtin.env', 'BAAS_VCENTER_PASSWORD') }}"
    folder: Tenants/Acme
    properties: [hardware]

- name: Show how much is protected
  ansible.builtin.debug:
    msg: "{{ ansible_facts['vcenter_vms'] | map(attribute='disks') | flatten | sum(attribute='size_bytes') }} bytes"

- name: Look for what stands in the way of backups
  calligo.baas.vcenter_vm_facts:
    hostname: vcenter.example.com
    username: svc-baas@vsphere.local
    password: "{{ lookup('ansible.builtin.env', 'BAAS_VCENTER_PASSWORD') }}"
    name_pattern: acme-*
    properties: [backup]

- name: Write the VMs of the gold service with their tags to a file
  calligo.baas.vcenter_vm_facts:
    hostname: vcenter.example.com
    username: svc-baas@vsphere.local
    password: "{{ lookup('ansible.builtin.env', 'BAAS_VCENTER_PASSWORD') }}"
    tags: [Backup/Gold]
    properties: [tags]
    output_file: /var/lib/baas/gold.json

- name: Return no more than the names of the VMs that have snapshots
  calligo.baas.vcenter_vm_facts:
    hostname: vcenter.example.com
    username: svc-baas@vsphere.local
    password: "{{ lookup('ansible.builtin.env', 'BAAS_VCENTER_PASSWORD') }}"
    properties: [backup]
    query: "[?backup.snapshots > `0`].name"

- name: Read two facts of every VM and nothing more
  calligo.baas.vcenter_vm_facts:
    hostname: vcenter.example.com
    username: svc-baas@vsphere.local
    password: "{{ lookup('ansible.builtin.env', 'BAAS_VCENTER_PASSWORD') }}"
    fields: [power_state, folder]

- name: Prove that a restored VM is gone
  calligo.baas.vcenter_vm_facts:
    hostname: vcenter.example.com
    username: svc-baas@vsphere.local
    password: "{{ lookup('ansible.builtin.env', 'BAAS_VCENTER_PASSWORD') }}"
    instance_uuids: [5032f7a4-1b1c-4d0c-8d1e-0c8f6f6e2a11]
  failed_when: ansible_facts['vcenter_vms'] | length > 0
"""

RETURN = r"""
ansible_facts:
  description: Facts about virtual machines.
  returned: always
  type: dict
  contains:
    vcenter_vms:
      description: The selected VMs, by name. A value that is not set or may not be read is V(null). O(query) is applied to it.
      type: list
      elements: dict
      returned: unless O(output_file) is given
      contains:
        name:
          description: Name of the VM.
          type: str
          returned: always
          sample: acme-web-01
        moid:
          description: Managed object id, unique in this vCenter.
          type: str
          returned: always
          sample: vm-42
        instance_uuid:
          description: Instance UUID; Commvault's GUID of the VM.
          type: str
          returned: with the set V(summary), or if it is in O(fields)
          sample: 5032f7a4-1b1c-4d0c-8d1e-0c8f6f6e2a11
        bios_uuid:
          description: BIOS UUID.
          type: str
          returned: with the set V(summary), or if it is in O(fields)
          sample: 4232b2c9-5e07-7d51-bd0d-6b1d8f8a5b0e
        power_state:
          description: V(poweredOn), V(poweredOff) or V(suspended).
          type: str
          returned: with the set V(summary), or if it is in O(fields)
          sample: poweredOn
        connection_state:
          description: V(connected), or why vCenter cannot manage the VM, such as V(disconnected), V(inaccessible), V(invalid), V(orphaned).
          type: str
          returned: with the set V(summary), or if it is in O(fields)
          sample: connected
        template:
          description: Whether it is a template.
          type: bool
          returned: with the set V(summary), or if it is in O(fields)
        kind:
          description:
            - V(vm), V(template), V(agent) for one that vSphere makes for itself, such as those of its cluster services (vCLS), or V(secondary)
              for the copy of a VM that fault tolerance keeps. The last two are never backed up.
          type: str
          returned: with the set V(summary), or if it is in O(fields)
          sample: vm
        folder:
          description:
            - Path of the folder below the datacenter's C(vm) folder; empty for that folder itself. Fits O(folder).
            - A VM in a vApp, or in a resource pool below one, is in the folder that the vApp, or the outermost one around it, is in.
          type: str
          returned: with the set V(summary), or if it is in O(fields)
          sample: Tenants/Acme
        host:
          description: Name of the host that runs the VM.
          type: str
          returned: with the set V(summary), or if it is in O(fields)
          sample: lux-esx-01.example.com
        cluster:
          description: Name of the cluster of that host.
          type: str
          returned: with the set V(summary), or if it is in O(fields)
          sample: LUX-CL1
        datacenter:
          description: Name of the datacenter.
          type: str
          returned: with the set V(summary), or if it is in O(fields)
          sample: Luxembourg
        cpus:
          description: Number of virtual CPUs.
          type: int
          returned: with the set V(summary), or if it is in O(fields)
          sample: 2
        memory_mb:
          description: Memory in MB (2^20 bytes).
          type: int
          returned: with the set V(summary), or if it is in O(fields)
          sample: 4096
        guest_id:
          description: The guest operating system that is configured, as the vSphere API names it.
          type: str
          returned: with the set V(summary), or if it is in O(fields)
          sample: ubuntu64Guest
        tools_status:
          description: State of VMware Tools, one of V(toolsOk), V(toolsOld), V(toolsNotRunning) and V(toolsNotInstalled).
          type: str
          returned: with the set V(summary), or if it is in O(fields)
          sample: toolsOk
        disks:
          description: Virtual disks.
          type: list
          elements: dict
          returned: with the set V(hardware), or if it is in O(fields)
          contains:
            label: {description: Label., type: str, returned: always, sample: Hard disk 1}
            key: {description: Key of the device., type: int, returned: always, sample: 2000}
            size_bytes: {description: Size in bytes., type: int, returned: always, sample: 42949672960}
            datastore: {description: Name of the datastore., type: str, returned: always, sample: lux-ds-01}
            datastore_moid: {description: Managed object id of the datastore., type: str, returned: always, sample: datastore-15}
            file: {description: Path on the datastore., type: str, returned: always, sample: "[lux-ds-01] acme-web-01/acme-web-01.vmdk"}
            mode:
              description: V(persistent), or a mode that snapshots leave out, such as V(independent_persistent).
              type: str
              returned: always
              sample: persistent
            thin: {description: Whether it is thinly provisioned., type: bool, returned: always}
            raw_device: {description: "V(physicalMode) or V(virtualMode) for a raw device, V(null) for a file.", type: str, returned: always}
        nics:
          description: Virtual network cards.
          type: list
          elements: dict
          returned: with the set V(hardware), or if it is in O(fields)
          contains:
            label: {description: Label., type: str, returned: always, sample: Network adapter 1}
            key: {description: Key of the device., type: int, returned: always, sample: 4000}
            mac: {description: MAC address., type: str, returned: always, sample: "00:50:56:80:0a:0b"}
            network: {description: Name of the network or port group., type: str, returned: always, sample: LUX-Tenants}
            network_moid:
              description: Managed object id of the network or port group; several may have the same name.
              type: str
              returned: always
              sample: dvportgroup-21
            connected: {description: Whether it is connected now., type: bool, returned: always}
            start_connected: {description: Whether it connects at power-on., type: bool, returned: always}
            type: {description: Kind of card., type: str, returned: always, sample: vmxnet3}
        removable:
          description: Removable devices.
          type: list
          elements: dict
          returned: with the set V(hardware), or if it is in O(fields)
          contains:
            label: {description: Label., type: str, returned: always, sample: CD/DVD drive 1}
            kind: {description: "V(cdrom), V(floppy) or V(usb).", type: str, returned: always, sample: cdrom}
            connected: {description: Whether it is connected now., type: bool, returned: always}
        settings:
          description: What is restored with a VM beside its CPUs, memory, disks and network cards; V(null) where its configuration is not known.
          type: dict
          returned: with the set V(hardware), or if it is in O(fields)
          contains:
            firmware: {description: V(bios) or V(efi)., type: str, returned: always, sample: efi}
            secure_boot: {description: Whether secure boot is on., type: bool, returned: always}
            hardware_version: {description: Version of the virtual hardware., type: str, returned: always, sample: vmx-19}
            controllers:
              description: Kinds of the SCSI, SATA and NVMe controllers, in their order.
              type: list
              elements: str
              returned: always
              sample: [paravirtualscsi]
            tpm: {description: Whether it has a virtual TPM., type: bool, returned: always}
            annotation: {description: Notes., type: str, returned: always, sample: "Owner: Ada"}
            cpu:
              description: Reservation and limit in MHz, V(null) for no limit, and shares (a level, or a number).
              type: dict
              returned: always
              sample: {reservation: 0, limit: null, shares: normal}
            memory:
              description: The same of memory, in MB.
              type: dict
              returned: always
              sample: {reservation: 0, limit: null, shares: normal}
        guest:
          description: What VMware Tools tell of the guest.
          type: dict
          returned: with the set V(guest), or if it is in O(fields)
          contains:
            hostname: {description: Host name., type: str, returned: always, sample: acme-web-01}
            ip_address: {description: Primary address., type: str, returned: always, sample: 198.18.0.1}
            ip_addresses: {description: All addresses., type: list, elements: str, returned: always}
            full_name: {description: Operating system., type: str, returned: always, sample: Ubuntu Linux (64-bit)}
            state: {description: "State of the guest, such as V(running).", type: str, returned: always, sample: running}
            tools_running: {description: Whether VMware Tools run., type: bool, returned: always}
            heartbeat:
              description: V(green) while VMware Tools send a heartbeat; V(gray) when none is expected.
              type: str
              returned: always
              sample: green
        backup:
          description: What bears on backups.
          type: dict
          returned: with the set V(backup), or if it is in O(fields)
          contains:
            change_tracking: {description: Whether changed block tracking is on; V(null) where that is not known., type: bool, returned: always}
            snapshots: {description: Number of snapshots; V(null) where that is not known., type: int, returned: always, sample: 0}
            findings:
              description: What makes a backup fail, leave something out or take longer, one sentence each, the gravest first.
              type: list
              elements: str
              returned: always
              sample:
                - "Hard disk 3 is independent (independent_persistent): snapshots leave it out, so it is not backed up."
        tags:
          description: Tags, by category and name; V(null) if none could be read.
          type: list
          elements: dict
          returned: with the set V(tags), or if it is in O(fields)
          contains:
            name: {description: Name., type: str, returned: always, sample: Gold}
            category: {description: Name of its category., type: str, returned: always, sample: Backup}
            id:
              description: Id in vCenter.
              type: str
              returned: always
              sample: "urn:vmomi:InventoryServiceTag:7f1f2a44-6b6c-4f9c-9f4e-2f6b0b1d9a10:GLOBAL"
        custom_attributes:
          description: Values of custom attributes by their names; V(null) if the names could not be read.
          type: dict
          returned: with the set V(custom_attributes), or if it is in O(fields)
          sample: {cost centre: "4711"}
        changes:
          description: When the configuration was changed, and what may have changed of what a backup is compared by. Times are of vCenter's clock.
          type: dict
          returned: with the set V(changes), or if it is in O(fields)
          contains:
            version: {description: Its version (C(config.changeVersion))., type: str, returned: always, sample: "1764000000000000000"}
            modified:
              description: When it was last modified (C(config.modified)), also by what is not compared, such as a snapshot.
              type: str
              returned: always
              sample: "2026-11-24T14:30:52.120Z"
            since:
              description:
                - From when on all events of the VM are in RV(ansible_facts.vcenter_vms[].changes.events).
                - V(null) where O(changes_since) is not given, and where vCenter shows no event of the VM although something was changed.
                - Later than O(changes_since) where vCenter has deleted older events, or there are more than a thousand.
              type: str
              returned: always
              sample: "2026-11-23T20:59:00.000Z"
            events:
              description: Events that may have changed CPUs, memory, disks, network cards or settings, the oldest first.
              type: list
              elements: dict
              returned: always
              contains:
                time: {description: When., type: str, returned: always, sample: "2026-11-24T09:12:00.004Z"}
                user: {description: Who., type: str, returned: always, sample: "EXAMPLE\\lea.weber"}
                event: {description: Type of the event., type: str, returned: always, sample: VmReconfiguredEvent}
                touches:
                  description: The facts that it may have changed; all of them where vCenter does not say.
                  type: list
                  elements: str
                  returned: always
                  sample: [memory_mb]
            problem: {description: Why events could not be read., type: str, returned: always, sample: NoPermission}
        unreadable:
          description:
            - Properties that are not known, because the server withheld them from this user, or has no configuration of the VM now.
            - With C(.name), that of what a property refers to, such as V(runtime.host.name).
          type: list
          elements: str
          returned: always
          sample: []
    vcenter_vms_not_found:
      description: Those of O(names) and O(instance_uuids) that no VM has; empty where V(vcenter_vms_problems) says that not all could be judged.
      type: list
      elements: str
      returned: always
      sample: []
    vcenter_vms_problems:
      description: What is missing from the facts, and why, one sentence each. Empty when everything was read.
      type: list
      elements: str
      returned: always
      sample: ["Removed from vCenter while it was read, and left out: vm-42."]
    vcenter_clock:
      description: vCenter's clock when the reading began.
      type: dict
      returned: with the set V(changes), or if it is in O(fields)
      contains:
        time: {description: What it said., type: str, returned: always, sample: "2026-11-24T14:30:52.120Z"}
        ahead_seconds:
          description: By how much it was ahead of that of the machine that the module runs on; negative where it was behind.
          type: float
          returned: always
          sample: 0.4
    vcenter_vms_file:
      description: What was written to O(output_file).
      type: dict
      returned: when O(output_file) is given
      contains:
        path: {description: The file., type: str, returned: always, sample: /var/lib/baas/gold.json}
        size: {description: Its size in bytes., type: int, returned: always, sample: 48211}
        count: {description: Number of VMs in it., type: int, returned: always, sample: 112}
        with_findings:
          description: Number of VMs with findings.
          type: int
          returned: if the VMs have them
          sample: 3
        power_states:
          description: Number of VMs by power state.
          type: dict
          returned: if the VMs have one
          sample: {poweredOn: 110, poweredOff: 2}
"""

import collections
import datetime
import json
import typing as t

from ansible_collections.calligo.baas.plugins.module_utils._core import output
from ansible_collections.calligo.baas.plugins.module_utils._core.argspec import ArgumentSpec
from ansible_collections.calligo.baas.plugins.module_utils._core.runner import Context, run
from ansible_collections.calligo.baas.plugins.module_utils._vcenter.changes import iso, moment
from ansible_collections.calligo.baas.plugins.module_utils._vcenter.session import OPTIONS, VCenter, connect
from ansible_collections.calligo.baas.plugins.module_utils._vcenter.vm_fields import FIELDS, SETS, chosen
from ansible_collections.calligo.baas.plugins.module_utils._vcenter.vm_query import Reading, read_vms, until_tools_run
from ansible_collections.calligo.baas.plugins.module_utils._vcenter.vm_selection import Selection

SPEC = ArgumentSpec(
    {
        "folder": {"type": "str"},
        "names": {"type": "list", "elements": "str"},
        "name_pattern": {"type": "str"},
        "instance_uuids": {"type": "list", "elements": "str"},
        "cluster": {"type": "str"},
        "tags": {"type": "list", "elements": "str"},
        "properties": {"type": "list", "elements": "str", "choices": list(SETS)},
        "fields": {"type": "list", "elements": "str", "choices": list(FIELDS)},
        "changes_since": {"type": "str"},
        "allow_partial": {"type": "bool", "default": False},
        "wait_for_tools": {"type": "float"},
        "poll_seconds": {"type": "float", "default": 5.0},
    }
)


def gather(vcenter: VCenter, context: Context) -> dict[str, t.Any]:
    params = context.params
    fields = chosen(params["properties"], params["fields"])
    if params["wait_for_tools"] is not None:
        fields = chosen(params["properties"], [*fields, "guest"])
    clock = vcenter.clock() if "changes" in fields else None
    since = moment(params["changes_since"]) if clock and params["changes_since"] else None
    if clock and since:
        since += datetime.timedelta(seconds=clock.ahead_seconds)

    def read() -> Reading:
        return vcenter.reading(lambda: read_vms(vcenter, Selection.of(params), fields, since, params["allow_partial"]))

    reading = read() if params["wait_for_tools"] is None else until_tools_run(read, params["wait_for_tools"], params["poll_seconds"])
    for problem in reading.problems:
        context.warn(problem)
    facts: dict[str, t.Any] = {"vcenter_vms_not_found": reading.not_found, "vcenter_vms_problems": reading.problems}
    if clock:
        facts["vcenter_clock"] = {"time": iso(clock.time), "ahead_seconds": clock.ahead_seconds}
    if params["output_file"] is None:
        return {"changed": False, "ansible_facts": {"vcenter_vms": reading.vms, **facts}}
    written = context.write_file(params["output_file"], as_json(reading.vms), params["output_mode"])
    summary = {"path": written.path, "size": written.size, **counts(reading.vms)}
    return {"changed": written.changed, "ansible_facts": {"vcenter_vms_file": summary, **facts}}


def as_json(vms: list[dict[str, t.Any]]) -> t.Iterator[str]:
    """A JSON list with one VM in a line, so that tools that work by lines can read it, too."""
    yield "["
    for number, vm in enumerate(vms):
        yield f"{',' if number else ''}\n{json.dumps(vm, ensure_ascii=False)}"
    yield "\n]\n"


def counts(vms: list[dict[str, t.Any]]) -> dict[str, t.Any]:
    """What a playbook may want to know without reading the file."""
    result: dict[str, t.Any] = {"count": len(vms)}
    if any("backup" in vm for vm in vms):
        result["with_findings"] = sum(bool(vm["backup"]["findings"]) for vm in vms)
    if any("power_state" in vm for vm in vms):
        result["power_states"] = dict(collections.Counter(vm["power_state"] for vm in vms if vm["power_state"]))
    return result


def main() -> None:
    run(OPTIONS.merge(SPEC, output.OPTIONS), connect, gather, queried="ansible_facts.vcenter_vms")


if __name__ == "__main__":
    main()
