#!/usr/bin/python

# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: commvault_restore
version_added: 0.1.0
short_description: Restore a VM under a new name, or files and folders, from a Commvault backup, and wait for it
description:
  - Restores a VM out of place, that is as a new VM, or files and folders in place or to another place.
  - Everything is looked up and checked before the job is started, in check mode too. That includes whether the backup holds the paths.
  - A VM that is gone from vCenter, and a file that is gone from its client, can be restored, since both are looked up in Commvault alone.
  - What exists is never overwritten unless an option says so.
  - If the connection breaks while the job is started, the job is looked for and not started again.
  - Inside a company (O(company) or O(company_id)), a source or destination of another company is refused; the provider's own may be
    restored to. Whoever asks, data of one company is never restored to another.
author:
  - Calligo (@calligo)
extends_documentation_fragment:
  - calligo.baas.commvault
  - calligo.baas.commvault_job
  - calligo.baas.attributes
  - calligo.baas.attributes.act
  - calligo.baas.attributes.group_commvault
requirements:
  - pyvmomi (Python library), to restore VMs
attributes:
  diff_mode:
    support: N/A
    description: Starts a job. What it would restore is in the result, in check mode too.
  idempotent:
    support: none
    description: Starts a restore each time it runs.
options:
  vm:
    description: The VM to restore. Mutually exclusive with O(files).
    type: dict
    suboptions:
      uuid:
        description: Instance UUID of the VM that was backed up. Mutually exclusive with O(vm.name).
        type: str
      name:
        description: Its name, together with O(vm.hypervisor). A name that several VMs have or had is an error that lists their UUIDs.
        type: str
      hypervisor:
        description: Name of the hypervisor that it was backed up from.
        type: str
      job_id:
        description: Restore from this backup job, the VM's own or its parent. By default from the latest backup.
        type: int
      point_in_time:
        description: Restore from the last backup that had ended by this time, in ISO 8601, in UTC unless it names a zone.
        type: str
      destination:
        description: Where the new VM goes.
        type: dict
        required: true
        suboptions:
          new_name:
            description: Name of the new VM. No VM of the vCenter may have it, see O(vm.destination.overwrite).
            type: str
            required: true
          hypervisor:
            description: Name of the hypervisor to restore to. By default the one that the VM was backed up from.
            type: str
          access_node:
            description: Name of the access node that writes the VM. By default the hypervisor's first.
            type: str
          esx_host:
            description: Name of the ESX host, as vCenter shows it.
            type: str
            required: true
          folder:
            description:
              - The VM folder, as a path below the datacenter's VM folder, or from the root if it begins with a slash. It must exist.
              - A slash in a name is written C(%2f).
            type: str
            required: true
          resource_pool:
            description: Path of the resource pool; V(/) is that of the host or cluster itself.
            type: str
            default: /
          datastore:
            description: The datastore for the VM and for each disk that O(vm.destination.datastores) does not name.
            type: str
            required: true
          datastores:
            description: Datastores for single disks.
            type: list
            elements: dict
            default: []
            suboptions:
              disk:
                description:
                  - The disk as the backup calls it, by its name, or by its file name if no other disk has that.
                  - See RV(calligo.baas.commvault_browse_info#module:vm.disks).
                type: str
                required: true
              datastore:
                description: Name of the datastore.
                type: str
                required: true
          network:
            description:
              - The network for each card whose original network O(vm.destination.networks) does not name.
              - Every card must get a network from one of the two options, so that none comes up in the original's by omission.
            type: str
          networks:
            description: Networks by original network.
            type: list
            elements: dict
            default: []
            suboptions:
              source:
                description: The network that a card was in when it was backed up.
                type: str
                required: true
              destination:
                description: The network to put it into.
                type: str
                required: true
          power_on:
            description: Whether to start the new VM. It has the same addresses as the original, which may still be running.
            type: bool
            default: false
          overwrite:
            description:
              - Whether the new VM replaces a VM of the same name in O(vm.destination.folder). The old one is destroyed.
              - A VM of that name elsewhere is never replaced.
            type: bool
            default: false
          vcenter:
            description:
              - How to reach the vCenter of the destination. It is asked for VMs of the new name before the restore, and for the identity
                of the new VM after it.
            type: dict
            required: true
            suboptions:
              hostname:
                description:
                  - Name or address of the vCenter, without scheme and port.
                  - If not given, the environment variable E(VMWARE_HOST) is used.
                type: str
                required: true
              username:
                description:
                  - The user to log in as. The role Read-only is enough.
                  - If not given, the environment variable E(VMWARE_USER) is used.
                type: str
                required: true
              password:
                description:
                  - The password of O(vm.destination.vcenter.username).
                  - If not given, the environment variable E(VMWARE_PASSWORD) is used.
                type: str
                required: true
              port:
                description:
                  - The port of the vCenter's API.
                  - If not given, the environment variable E(VMWARE_PORT) is used.
                type: int
                default: 443
              validate_certs:
                description:
                  - Whether the server's certificate must be trusted.
                  - If not given, the environment variable E(VMWARE_VALIDATE_CERTS) is used.
                type: bool
                default: true
              ca_path:
                description: File with the certificates of the authorities to trust, where the system's own do not know the server's.
                type: path
  files:
    description: The files and folders to restore. Mutually exclusive with O(vm).
    type: dict
    suboptions:
      client:
        description: Name of the client that they were backed up from.
        type: str
        required: true
      backupset:
        description: Name of the backup set.
        type: str
        default: defaultBackupSet
      subclient:
        description: Name of the subclient. Without it all subclients of the backup set are looked through.
        type: str
      paths:
        description:
          - Files, and folders with all that is below them, as they were called on the client.
          - A path that the backup does not hold fails the task before anything is restored. There are no wildcards.
        type: list
        elements: str
        required: true
      job_id:
        description:
          - Restore the state as it was when this backup job had ended. What the job itself did not write comes from earlier ones.
          - By default the latest backup.
        type: int
      point_in_time:
        description: Restore from the last backup that had ended by this time, in ISO 8601, in UTC unless it names a zone.
        type: str
      in_place:
        description: Restore to where the files were. See O(files.overwrite) for what happens to files that are there.
        type: bool
        default: false
      destination_client:
        description: Name of the client to restore to. By default the one that the files came from. Only if O(files.in_place=false).
        type: str
      destination_path:
        description:
          - Folder to restore to; required if O(files.in_place=false).
          - The last part of each path is rebuilt in it, so that V(D:\\Data\\Reports) becomes V(E:\\Restore\\Reports).
        type: str
      overwrite:
        description:
          - What to do about files that exist at the destination.
          - V(never) leaves them as they are and restores what is missing.
          - V(older) overwrites them if the file in the backup is newer.
          - V(always) overwrites them. What has changed since the backup is lost.
        type: str
        choices:
          - never
          - older
          - always
        default: never
      restore_acls:
        description: Whether to restore the access rights, too.
        type: bool
        default: true
  fail_on_partial:
    description: Whether a job that completed with errors or warnings fails the task. Otherwise it is a warning.
    type: bool
    default: true
seealso:
  - module: calligo.baas.commvault_browse_info
  - module: calligo.baas.commvault_job_info
  - module: calligo.baas.vcenter_vm_facts
"""

EXAMPLES = r"""
- name: Restore a VM into an isolated network
  calligo.baas.commvault_restore:
    host: cv.example.com
    username: backup-automation
    password: "{{ commvault_password }}"
    vm:
      uuid: 501c3b0d-5f0e-4b8a-9d57-0c4c2f3a1e11
      point_in_time: "2026-11-24T00:00:00Z"
      destination:
        new_name: restore-test-acme-web-01
        esx_host: lux-esx-02.example.com
        folder: Restore tests
        datastore: lux-ds-02
        network: LUX-Restore-Isolated
        vcenter:
          hostname: vcenter.example.com
          username: svc-baas@vsphere.local
          password: "{{ vcenter_password }}"
  register: restored

- name: Restore a folder to another server
  calligo.baas.commvault_restore:
    host: cv.example.com
    username: backup-automation
    password: "{{ commvault_password }}"
    files:
      client: acme-fs01
      subclient: Data
      paths:
        - D:\Data\Köln
      destination_client: lux-restore-01
      destination_path: E:\RestoreTest

- name: Bring back files that were deleted since last night, and touch nothing else
  calligo.baas.commvault_restore:
    host: cv.example.com
    username: backup-automation
    password: "{{ commvault_password }}"
    files:
      client: acme-fs01
      subclient: Data
      paths:
        - D:\Data\Contracts
      in_place: true
"""

RETURN = r"""
restore:
  description: What was restored, or in check mode would be.
  returned: success
  type: dict
  contains:
    job:
      description: The restore job; null in check mode. See M(calligo.baas.commvault_job_info) for its keys.
      returned: success
      type: dict
      sample:
        id: 1310
        status: Completed
        outcome: success
        start_time: "2026-11-24T10:00:00Z"
        end_time: "2026-11-24T10:07:12Z"
    backup_job:
      description: The backup that was restored from. For files it is the one whose end marks the state; each path names the job that holds it.
      returned: success
      type: dict
      sample:
        id: 1208
        parent: 1207
        level: Full
        start_time: "2026-11-24T03:00:00Z"
        end_time: "2026-11-24T03:21:40Z"
        client: acme-web-01
        subclient: default
    source:
      description: What was restored. For a VM C(name), C(uuid) and C(hypervisor); for files C(client), C(backupset) and C(subclient).
      returned: if the source exists
      type: dict
      sample:
        name: acme-web-01
        uuid: 501c3b0d-5f0e-4b8a-9d57-0c4c2f3a1e11
        hypervisor: acme-vcenter
    destination:
      description: Where it was restored to, with the datastore and file name of each disk and the network of each card of a VM.
      returned: if the source exists
      type: dict
      sample:
        hypervisor: acme-vcenter
        access_node: lux-an-01
        esx_host: lux-esx-02.example.com
        folder: /Luxembourg/vm/Restore tests
        disks:
          - name: scsi0-0-acme-web-01.vmdk
            file_name: acme-web-01.vmdk
            datastore: lux-ds-02
        nics:
          - label: Network adapter 1
            source: LUX-Tenants
            network: LUX-Restore-Isolated
        power_on: false
        overwrite: false
    vm:
      description: The new VM, as vCenter shows it.
      returned: if a VM is restored
      type: dict
      contains:
        name:
          description: Its name.
          returned: success
          type: str
          sample: restore-test-acme-web-01
        moid:
          description: Its managed object id; null in check mode, and if O(wait=false).
          returned: success
          type: str
          sample: vm-412
        instance_uuid:
          description: Its instance UUID; null in check mode, and if O(wait=false).
          returned: success
          type: str
          sample: 501c9a77-3c4e-8a41-0b1d-9e0f6b2f7d55
        folder:
          description: Its folder.
          returned: success
          type: str
          sample: Restore tests
    configuration:
      description:
        - What Commvault kept of the VM's configuration with the backup. CPU and memory are not in it.
        - See RV(calligo.baas.commvault_browse_info#module:vm) for the keys.
      returned: if a VM is restored
      type: dict
      sample:
        name: acme-web-01
        disks:
          - name: scsi0-0-acme-web-01.vmdk
            file_name: acme-web-01.vmdk
            size_bytes: 42949672960
            datastore: lux-ds-01
        nics:
          - label: Network adapter 1
            network: LUX-Tenants
    paths:
      description: What was restored, in the order of O(files.paths).
      returned: if files are restored
      type: list
      elements: dict
      contains:
        source:
          description: The path in the backup.
          returned: success
          type: str
          sample: D:\Data\Köln
        path:
          description: Where it was restored to.
          returned: success
          type: str
          sample: E:\RestoreTest\Köln
        name:
          description: Its last part.
          returned: success
          type: str
          sample: Köln
        type:
          description: V(file) or V(folder).
          returned: success
          type: str
          sample: folder
        size:
          description: Bytes of a file.
          returned: success
          type: int
          sample: 0
        modification_time:
          description: When it was last changed before the backup, in UTC.
          returned: success
          type: str
          sample: "2026-11-02T14:20:00Z"
        backup_job:
          description: The backup job that holds this version.
          returned: success
          type: int
          sample: 1209
        backup_time:
          description: When it was backed up, in UTC.
          returned: success
          type: str
          sample: "2026-11-24T03:02:11Z"
"""

from ansible_collections.calligo.baas.plugins.module_utils._commvault import restore_files, restore_vm
from ansible_collections.calligo.baas.plugins.module_utils._commvault.client import Commvault
from ansible_collections.calligo.baas.plugins.module_utils._commvault.restore import OPTIONS as RESTORE_OPTIONS
from ansible_collections.calligo.baas.plugins.module_utils._commvault.session import OPTIONS, connect
from ansible_collections.calligo.baas.plugins.module_utils._core.runner import Context, Params, run
from ansible_collections.calligo.baas.plugins.module_utils._vcenter import namesakes
from ansible_collections.calligo.baas.plugins.module_utils._vcenter.session import OPTIONS as VCENTER_OPTIONS

VM_OPTIONS = restore_vm.options(VCENTER_OPTIONS.options)


def act(client: Commvault, context: Context) -> Params:
    if context.params["files"]:
        return restore_files.run(client, context.params)
    vcenter = Context(context.params["vm"]["destination"]["vcenter"], context.check_mode, context.warn)
    return restore_vm.run(client, context.params, lambda name, folder: namesakes.read(vcenter, name, folder))


def main() -> None:
    run(OPTIONS.merge(RESTORE_OPTIONS, restore_files.OPTIONS, VM_OPTIONS), connect, act)


if __name__ == "__main__":
    main()
