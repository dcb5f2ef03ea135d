#!/usr/bin/python

# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: commvault_restore
version_added: 0.1.0
short_description: Restore a VM or a part of it, files and folders, or SQL Server databases from a Commvault backup, and wait for it
description:
  - Restores a VM as a new one or in place; disks of a VM as files; files from inside a VM; files and folders of a client, or SQL Server
    databases, in place or to another place.
  - Everything is looked up and checked before the job is started, in check mode too. That includes whether the backup holds the paths.
  - A VM that is gone from vCenter, a file that is gone from its client, and a database that was dropped can be restored, since all are
    looked up in Commvault alone.
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
  description:
    description: Text for people that the job carries in its description, behind a tag of this module.
    type: str
  vm:
    description: The VM to restore. Exactly one of O(vm), O(vm_disk), O(guest_files), O(files) and O(sql) is required.
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
        description:
          - Where the new VM goes. Exactly one of O(vm.destination) and O(vm.in_place) is required.
        type: dict
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
            description:
              - Name of the ESX host, as vCenter shows it.
              - Its name, and those of the datastores and networks that it reaches and that are used, must each be the name of one alone. Another
                one of the same name is an error that lists their paths, since Commvault takes names.
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
            suboptions: &vcenter
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
              connect_timeout:
                description: Seconds to wait for a connection.
                type: float
                default: 30
      in_place:
        description:
          - Put the VM back to where it was when it was backed up - its host, folder, datastores and networks, under its name.
          - What is there of it now is deleted, which needs O(vm.in_place.overwrite). Another VM of its name in its folder is never touched,
            and fails the task.
        type: dict
        suboptions:
          overwrite:
            description: Whether the VM is replaced if it is there. It is powered off and deleted, with all that it holds since the backup.
            type: bool
            default: false
          power_on:
            description: Whether to start it.
            type: bool
            default: false
          access_node:
            description: Name of the access node that writes the VM. By default the hypervisor's first.
            type: str
          vcenter:
            description: How to reach its vCenter. It is asked for the VM before the restore, and for its identity after it.
            type: dict
            required: true
            suboptions: *vcenter
  vm_disk:
    description:
      - Disks of a VM to restore as files to a folder of an access node, for instance to attach them to a VM that repairs them.
      - They are written as VMDK files, called as the backup calls the disks.
    type: dict
    suboptions:
      uuid:
        description: Instance UUID of the VM that was backed up. Mutually exclusive with O(vm_disk.name).
        type: str
      name:
        description: Its name, together with O(vm_disk.hypervisor). A name that several VMs have or had is an error that lists their UUIDs.
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
      disks:
        description:
          - The disks as the backup calls them, by name, or by file name if no other disk has that.
          - See RV(calligo.baas.commvault_browse_info#module:vm.disks).
        type: list
        elements: str
        required: true
      access_node:
        description: Name of the access node to write to. By default the hypervisor's first.
        type: str
      destination_path:
        description: Folder on the access node.
        type: str
        required: true
      overwrite:
        description: Whether a file that is there is overwritten. Otherwise it is left, and the disk is not restored.
        type: bool
        default: false
  guest_files:
    description:
      - Files and folders from inside a VM, out of the backup of the VM.
      - They go to a client with Commvault's file system agent, or through VMware Tools into a running VM that has no agent.
    type: dict
    suboptions:
      uuid:
        description: Instance UUID of the VM that was backed up. Mutually exclusive with O(guest_files.name).
        type: str
      name:
        description: Its name, together with O(guest_files.hypervisor). A name that several VMs have or had is an error that lists their UUIDs.
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
      paths:
        description:
          - Files, and folders with all that is below them, as they were called inside the VM, for instance V(C:\\Data\\a.txt) or V(/etc/hosts).
          - A path that the backup does not hold fails the task before anything is restored. There are no wildcards.
        type: list
        elements: str
        required: true
      destination_client:
        description: Name of the client to restore to. Exactly one of this and O(guest_files.destination_vm) is required.
        type: str
      destination_vm:
        description: The running VM to restore into, through VMware Tools.
        type: dict
        suboptions:
          uuid:
            description: Its instance UUID. By default the VM that the files came from.
            type: str
          username:
            description: A user of its operating system who may write to O(guest_files.destination_path).
            type: str
            required: true
          password:
            description: The password of O(guest_files.destination_vm.username).
            type: str
            required: true
          access_node:
            description: Name of the access node that does it. By default the hypervisor's first.
            type: str
      destination_path:
        description:
          - Folder to restore to. To restore in place, give the folder that the files came from.
          - The last part of each path is rebuilt in it, so that V(C:\\Data\\Reports) becomes V(E:\\Restore\\Reports).
        type: str
        required: true
      overwrite:
        description: As O(files.overwrite).
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
  files:
    description: The files and folders of a client to restore.
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
  sql:
    description:
      - The SQL Server databases to restore.
      - A name or path with the sign V(|) or V(#12!) or a control character is refused, since Commvault could take it for something else.
    type: dict
    suboptions:
      client:
        description: Name of the client that they were backed up from.
        type: str
        required: true
      instance:
        description: Name of its instance.
        type: str
        required: true
      databases:
        description: The databases.
        type: list
        elements: dict
        required: true
        suboptions:
          name:
            description: Name of the database as it was backed up.
            type: str
            required: true
          new_name:
            description:
              - Name to restore it as. Its files are named after it, beside where they were, unless another option gives them a place.
              - By default its old name. A system database cannot keep that.
            type: str
          files:
            description: Places for single files. Before O(sql.databases[].data_path) and O(sql.databases[].log_path).
            type: list
            elements: dict
            default: []
            suboptions:
              logical:
                description:
                  - Logical name of the file, see M(calligo.baas.commvault_sql_database_info) with
                    O(calligo.baas.commvault_sql_database_info#module:files).
                type: str
                required: true
              path:
                description: Whole path to restore it to, with the file name.
                type: str
                required: true
          data_path:
            description: Folder for the data files.
            type: str
          log_path:
            description: Folder for the log files. A file whose name ends with C(.ldf) counts as one.
            type: str
      destination_client:
        description: Name of the client to restore to. By default the one that they came from. Needs O(sql.destination_instance).
        type: str
      destination_instance:
        description: Name of the instance to restore to. It must not run an older SQL Server. By default the one that they came from.
        type: str
      job_id:
        description:
          - Restore the state as this backup job has it, with what earlier ones hold of it. Mutually exclusive with O(sql.point_in_time).
          - By default the latest backup.
        type: int
      point_in_time:
        description:
          - Restore the state of exactly this moment, in ISO 8601, in UTC unless it names a zone. Not like that of files and VMs, which
            means the last backup by then.
          - It needs the full recovery model and a log backup that reaches the moment. Without one the task fails before anything is restored.
        type: str
      overwrite:
        description:
          - Whether a database of the same name at the destination is replaced. What has changed in it since the backup is lost.
          - A restore in place needs it, unless the database was dropped.
        type: bool
        default: false
      drop_connections:
        description: Whether connections to a database that is replaced are cut. Otherwise the job fails while there are any.
        type: bool
        default: false
      recovery_state:
        description:
          - The state that the databases are left in. V(recover) makes them ready for use.
          - V(norecovery) leaves them waiting for more logs; V(standby) does too, but they can be read, and needs O(sql.undo_file).
        type: str
        choices:
          - recover
          - norecovery
          - standby
        default: recover
      undo_file:
        description: Whole path of the undo file for O(sql.recovery_state=standby).
        type: str
  fail_on_partial:
    description: Whether a job that completed with errors or warnings fails the task. Otherwise it is a warning.
    type: bool
    default: true
seealso:
  - module: calligo.baas.commvault_browse_info
  - module: calligo.baas.commvault_sql_database_info
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

- name: Put a VM back as it was last night, in the place of what is there now
  calligo.baas.commvault_restore:
    host: cv.example.com
    username: backup-automation
    password: "{{ commvault_password }}"
    vm:
      uuid: 501c3b0d-5f0e-4b8a-9d57-0c4c2f3a1e11
      in_place:
        overwrite: true
        power_on: true
        vcenter:
          hostname: vcenter.example.com
          username: svc-baas@vsphere.local
          password: "{{ vcenter_password }}"

- name: Restore one disk of a VM as a file
  calligo.baas.commvault_restore:
    host: cv.example.com
    username: backup-automation
    password: "{{ commvault_password }}"
    vm_disk:
      name: acme-db-01
      hypervisor: acme-vcenter
      disks:
        - scsi0-1-acme-db-01.vmdk
      destination_path: F:\Staging

- name: Restore a file from inside a VM to a server that has Commvault's agent
  calligo.baas.commvault_restore:
    host: cv.example.com
    username: backup-automation
    password: "{{ commvault_password }}"
    guest_files:
      name: acme-db-01
      hypervisor: acme-vcenter
      paths:
        - D:\Exports\Übersicht Köln.csv
      destination_client: lux-restore-01
      destination_path: E:\From acme-db-01

- name: Put a file back into the VM that it came from, which has no agent
  calligo.baas.commvault_restore:
    host: cv.example.com
    username: backup-automation
    password: "{{ commvault_password }}"
    guest_files:
      name: acme-db-01
      hypervisor: acme-vcenter
      paths:
        - D:\Exports\Übersicht Köln.csv
      destination_vm:
        username: ACME\svc-restore
        password: "{{ acme_guest_password }}"
      destination_path: D:\Exports
      overwrite: always

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

- name: Restore a database beside itself, as it was before a mistake
  calligo.baas.commvault_restore:
    host: cv.example.com
    username: backup-automation
    password: "{{ commvault_password }}"
    sql:
      client: acme-sql01
      instance: ACME-SQL01\PROD
      point_in_time: "2026-11-24T09:41:00Z"
      databases:
        - name: Sales
          new_name: Sales before

- name: Restore a database to the provider's instance for restore tests, whose server has other drives
  calligo.baas.commvault_restore:
    host: cv.example.com
    username: backup-automation
    password: "{{ commvault_password }}"
    sql:
      client: acme-sql01
      instance: ACME-SQL01\PROD
      destination_client: lux-sql-restore-01
      destination_instance: LUX-SQL-RESTORE-01
      databases:
        - name: Sales
          new_name: Restore test of Sales
          data_path: E:\SQL
          log_path: E:\SQL
"""

RETURN = r"""
restore:
  description: What was restored, or in check mode would be. After a failure what was to be restored, with the job that was started.
  returned: success, and on failure once the job was started
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
      description: The backup that was restored from. For files it is the one whose end marks the
        state, each path naming the job that holds it; for databases the newest that is used.
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
      description: What was restored. For a VM, its disks and its files C(name), C(uuid) and C(hypervisor); for files of a client
        C(client), C(backupset) and C(subclient); for databases C(client) and C(instance).
      returned: if the source exists
      type: dict
      sample:
        name: acme-web-01
        uuid: 501c3b0d-5f0e-4b8a-9d57-0c4c2f3a1e11
        hypervisor: acme-vcenter
    destination:
      description: Where it was restored to. For a VM with the datastore and file name of each disk and the network of each card, by name
        and by managed object id (V(null) where the host has no network of that name); for disks and files C(client) and C(folder), and C(vm)
        for files that went into a VM.
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
            network_moid: dvportgroup-21
        power_on: false
        overwrite: false
        in_place: false
    disks:
      description: The disks that were restored as files.
      returned: if O(vm_disk) is given
      type: list
      elements: dict
      sample:
        - name: scsi0-1-acme-db-01.vmdk
          file_name: acme-db-01_1.vmdk
          size_bytes: 214748364800
          datastore: lux-ds-02
    vm:
      description: The new VM, or in place the VM, as vCenter shows it.
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
      description: What was restored, in the order of O(files.paths) or O(guest_files.paths).
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
    restored_to:
      description: The moment whose state was restored, in UTC. Without O(sql.point_in_time), when the newest backup ended that was used.
      returned: if databases are restored
      type: str
      sample: "2026-11-24T09:41:00Z"
    databases:
      description: What was restored, in the order of O(sql.databases).
      returned: if databases are restored
      type: list
      elements: dict
      contains:
        source:
          description: Name of the database in the backup.
          returned: success
          type: str
          sample: Sales
        name:
          description: Name that it was restored as.
          returned: success
          type: str
          sample: Sales before
        id:
          description: Its id at the destination; null in check mode, if O(wait=false), and if Commvault does not tell it.
          returned: success
          type: int
          sample: 412
        state:
          description: Its state there, in Commvault's words; null as C(id) is.
          returned: success
          type: str
          sample: ONLINE
        recovery_model:
          description: Its recovery model there, in Commvault's words; null as C(id) is.
          returned: success
          type: str
          sample: FULL
        replaced:
          description: Whether a database of that name was there before.
          returned: success
          type: bool
          sample: false
        backup_jobs:
          description: The backup jobs that lead to the state, a full, a differential and logs, as the job history tells.
          returned: success
          type: list
          elements: int
          sample: [1208, 1214, 1220]
        files:
          description: Its files, each with C(logical), C(path) where it was restored to, C(source_path) and C(size) in bytes.
          returned: success
          type: list
          elements: dict
          sample:
            - logical: Sales
              path: D:\SQL\Data\Sales before.mdf
              source_path: D:\SQL\Data\Sales.mdf
              size: 67108864
"""

import dataclasses
import functools

from ansible_collections.calligo.baas.plugins.module_utils._commvault.backups import restore
from ansible_collections.calligo.baas.plugins.module_utils._commvault.files import restore as restore_files
from ansible_collections.calligo.baas.plugins.module_utils._commvault.sql import restore as restore_sql
from ansible_collections.calligo.baas.plugins.module_utils._commvault.vms import restore as restore_vm
from ansible_collections.calligo.baas.plugins.module_utils._commvault.vms import restore_disk as restore_vm_disk
from ansible_collections.calligo.baas.plugins.module_utils._commvault.vms import restore_guest_files
from ansible_collections.calligo.baas.plugins.module_utils._commvault.wire.client import Commvault
from ansible_collections.calligo.baas.plugins.module_utils._commvault.wire.session import OPTIONS, connect
from ansible_collections.calligo.baas.plugins.module_utils._core.engine import Work
from ansible_collections.calligo.baas.plugins.module_utils._core.runner import Context, run_work
from ansible_collections.calligo.baas.plugins.module_utils._vcenter import namesakes
from ansible_collections.calligo.baas.plugins.module_utils._vcenter.session import OPTIONS as VCENTER_OPTIONS

VM_OPTIONS = restore_vm.options(VCENTER_OPTIONS.options)
PLANS = {
    "vm_disk": restore_vm_disk.plan,
    "guest_files": restore_guest_files.plan,
    "files": restore_files.plan,
    "sql": restore_sql.plan,
}
PART_OPTIONS = (restore_vm_disk.OPTIONS, restore_guest_files.OPTIONS, restore_files.OPTIONS, restore_sql.OPTIONS)


def bind(client: Commvault, context: Context) -> Work:
    """The restore that the task asks for."""
    params = context.params
    for option, plan in PLANS.items():
        if params[option]:
            return restore.Restore(client, params, functools.partial(plan, client, params[option]))
    vm = params["vm"]
    vcenter = dataclasses.replace(context, params=(vm["destination"] or vm["in_place"])["vcenter"])
    return restore.Restore(client, params, functools.partial(restore_vm.plan, client, vm, functools.partial(namesakes.read, vcenter)))


def main() -> None:
    run_work(OPTIONS.merge(restore.OPTIONS, VM_OPTIONS, *PART_OPTIONS), connect, bind)


if __name__ == "__main__":
    main()
