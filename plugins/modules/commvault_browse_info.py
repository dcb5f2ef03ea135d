#!/usr/bin/python

# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: commvault_browse_info
version_added: 0.1.0
short_description: Read what a Commvault backup holds
description:
  - Reads the files and folders in the backups of a subclient or a whole backup set; or the disks and network cards of a VM as they were
    backed up, or the files inside it. The client or VM need not exist any more.
  - Inside a company (O(company) or O(company_id)), what belongs to another company is refused.
author:
  - Calligo (@calligo)
extends_documentation_fragment:
  - calligo.baas.commvault
  - calligo.baas.query
  - calligo.baas.attributes.info
  - calligo.baas.attributes.group_commvault
options:
  client:
    description: Name of the client whose files to browse. Mutually exclusive with O(vm_uuid).
    type: str
  backupset:
    description: Name of the backup set.
    type: str
    default: defaultBackupSet
  subclient:
    description: Name of the subclient. Without it the whole backup set is browsed.
    type: str
  path:
    description: The folder to read, as it is called on the client. The default is the top, with the drives.
    type: str
    default: \
  recursive:
    description: Whether to read everything below O(path), too.
    type: bool
    default: false
  include_deleted:
    description: Whether to show files that were deleted before the backup, but are still kept. Not for files inside a VM.
    type: bool
    default: false
  vm_uuid:
    description: Instance UUID of the VM whose configuration, or whose files, to read.
    type: str
  guest_files:
    description: Whether to read the files inside the VM, those in O(path). They are called as in the VM, for instance V(C:\\Data) or V(/etc).
    type: bool
    default: false
  job_id:
    description:
      - Show the state as it was when this backup job had ended. By default the latest backup.
      - For a VM it may be the VM's own job or its parent.
    type: int
  point_in_time:
    description: Show the last backup that had ended by this time, in ISO 8601, in UTC unless it names a zone.
    type: str
  limit:
    description: The most entries to return.
    type: int
    default: 1000
notes:
  - Of a VM's configuration Commvault tells disks with their sizes, network cards with their networks, host, datastore and folder. It does not
    tell CPU and memory. To compare a restored VM with those, record M(calligo.baas.vcenter_vm_facts) when it is backed up.
seealso:
  - module: calligo.baas.commvault_restore
"""

EXAMPLES = r"""
- name: List all files that last night's backup holds
  calligo.baas.commvault_browse_info:
    host: cv.example.com
    username: backup-automation
    password: "{{ commvault_password }}"
    client: acme-fs01
    subclient: Data
    path: D:\Data
    recursive: true
    limit: 100000
  register: kept

- name: Read the disks of a VM as they were at the beginning of the month
  calligo.baas.commvault_browse_info:
    host: cv.example.com
    username: backup-automation
    password: "{{ commvault_password }}"
    vm_uuid: 501c3b0d-5f0e-4b8a-9d57-0c4c2f3a1e11
    point_in_time: "2026-11-01T00:00:00Z"

- name: Read what the latest backup of a VM holds of a folder inside it
  calligo.baas.commvault_browse_info:
    host: cv.example.com
    username: backup-automation
    password: "{{ commvault_password }}"
    vm_uuid: 501c3b0d-5f0e-4b8a-9d57-0c4c2f3a1e11
    guest_files: true
    path: D:\Exports
"""

RETURN = r"""
entries:
  description: Files and folders, folders first, or the disks of a VM. O(query) is applied to it.
  returned: success
  type: list
  elements: dict
  contains:
    path:
      description: The path on the client; for a disk, its path in the backup.
      returned: success
      type: str
      sample: D:\Data\Budget 2026.xlsx
    name:
      description: The last part of the path; for a disk, the name of its file.
      returned: success
      type: str
      sample: Budget 2026.xlsx
    type:
      description: V(file), V(folder) or V(disk).
      returned: success
      type: str
      sample: file
    size:
      description: Bytes.
      returned: success
      type: int
      sample: 31420
    modification_time:
      description: When it was last changed before the backup, in UTC; null for disks.
      returned: success
      type: str
      sample: "2026-11-02T14:20:00Z"
    backup_job:
      description: The backup job that holds this version. It can be older than RV(backup_job.id).
      returned: success
      type: int
      sample: 1209
    backup_time:
      description: When this version was backed up, in UTC.
      returned: success
      type: str
      sample: "2026-11-24T03:02:11Z"
    deleted:
      description: Whether it had been deleted by then.
      returned: success
      type: bool
      sample: false
total:
  description: Number of RV(entries).
  returned: success
  type: int
  sample: 1
truncated:
  description: Whether there are more than O(limit) entries.
  returned: success
  type: bool
  sample: false
vm:
  description: What Commvault keeps of the VM's configuration.
  returned: if O(vm_uuid) is given and Commvault knows the VM
  type: dict
  contains:
    name:
      description: Name of the VM.
      returned: success
      type: str
      sample: acme-web-01
    uuid:
      description: Its instance UUID.
      returned: success
      type: str
      sample: 501c3b0d-5f0e-4b8a-9d57-0c4c2f3a1e11
    esx_host:
      description: The host it ran on.
      returned: success
      type: str
      sample: lux-esx-01.example.com
    datastore:
      description: The datastore of the VM's own files.
      returned: success
      type: str
      sample: lux-ds-01
    datacenter:
      description: The datacenter.
      returned: success
      type: str
      sample: Luxembourg
    folder:
      description: The VM folder, as Commvault writes it.
      returned: success
      type: str
      sample: /Luxembourg/vm/Tenants/Acme Sàrl
    resource_pool:
      description: The resource pool.
      returned: success
      type: str
      sample: /
    disks:
      description: The disks that the backup holds. Those that snapshots leave out, such as independent ones, are not among them.
      returned: success
      type: list
      elements: dict
      sample:
        - name: scsi0-0-acme-web-01.vmdk
          file_name: acme-web-01.vmdk
          size_bytes: 42949672960
          datastore: lux-ds-01
    nics:
      description: The network cards.
      returned: success
      type: list
      elements: dict
      sample:
        - label: Network adapter 1
          network: LUX-Tenants
backup_job:
  description: The backup job at whose end the state is shown; null in check mode if there is none yet.
  returned: success
  type: dict
  contains:
    id:
      description: Number of the job.
      returned: success
      type: int
      sample: 1208
    parent:
      description: Its parent job.
      returned: success
      type: int
      sample: 1207
    level:
      description: Backup level.
      returned: success
      type: str
      sample: Full
    start_time:
      description: Start in UTC.
      returned: success
      type: str
      sample: "2026-11-24T03:00:00Z"
    end_time:
      description: End in UTC.
      returned: success
      type: str
      sample: "2026-11-24T03:21:40Z"
    client:
      description: Name of the client.
      returned: success
      type: str
      sample: acme-web-01
    subclient:
      description: Name of the subclient.
      returned: success
      type: str
      sample: default
"""

from ansible_collections.calligo.baas.plugins.module_utils._commvault.jobs import browse_info
from ansible_collections.calligo.baas.plugins.module_utils._commvault.wire.session import OPTIONS, connect
from ansible_collections.calligo.baas.plugins.module_utils._core.runner import run


def main() -> None:
    run(
        OPTIONS.merge(browse_info.OPTIONS), connect, lambda client, context: browse_info.describe(client, context.params), queried="entries"
    )


if __name__ == "__main__":
    main()
