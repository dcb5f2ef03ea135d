#!/usr/bin/python

# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: commvault_backup
version_added: 0.1.0
short_description: Start Commvault backups of VM groups, VMs, files and SQL Server databases, and wait for them
description:
  - Starts the backups of all targets side by side and waits for all of them at once.
  - A target whose backup is running already is not backed up twice. The running job is attached to, that is, waited for.
  - All targets are looked up before the first job is started. If the connection breaks while a job is started, the job is looked for
    and not started again.
  - A job of VMs that ends as completed having protected no VM is a failure.
  - Inside a company (O(company) or O(company_id)), a target of another company is refused.
author:
  - Calligo (@calligo)
extends_documentation_fragment:
  - calligo.baas.commvault
  - calligo.baas.commvault_job
  - calligo.baas.attributes
  - calligo.baas.attributes.act
  - calligo.baas.attributes.group_commvault
attributes:
  diff_mode:
    support: N/A
    description: Starts jobs and changes no object.
  idempotent:
    support: partial
    description: Starts a backup each time it runs, unless one is running. With O(start=if_never_backed_up) a second run starts nothing.
options:
  vm_groups:
    description: VM groups to back up as a whole.
    type: list
    elements: dict
    default: []
    suboptions:
      name:
        description: Name of the VM group.
        type: str
        required: true
      hypervisor:
        description: Name of its hypervisor.
        type: str
        required: true
      members:
        description:
          - With O(start=if_never_backed_up), the VMs that must have a backup. Where one has none, the group is backed up.
          - By default those that the last job of the group tells of.
        type: list
        elements: dict
        suboptions:
          name: {description: Name of the VM., type: str, required: true}
          uuid: {description: Its instance UUID., type: str, required: true}
  vm_uuids:
    description: Instance UUIDs of VMs to back up alone, whatever else their VM group holds. Commvault must know them already.
    type: list
    elements: str
    default: []
  subclients:
    description: File system subclients to back up.
    type: list
    elements: dict
    default: []
    suboptions:
      client:
        description: Name of the client.
        type: str
        required: true
      backupset:
        description: Name of the backup set.
        type: str
        default: defaultBackupSet
      name:
        description: Name of the subclient.
        type: str
        required: true
  sql_subclients:
    description: SQL Server subclients to back up. O(level) must be one that SQL Server knows.
    type: list
    elements: dict
    default: []
    suboptions:
      client:
        description: Name of the client.
        type: str
        required: true
      instance:
        description: Name of the instance.
        type: str
        required: true
      name:
        description: Name of the subclient; V(default) is the one that covers what no other subclient lists.
        type: str
        required: true
  sql_options:
    description: What is particular to this backup of O(sql_subclients).
    type: dict
    suboptions:
      copy_only:
        description: Whether a full backup leaves the chain alone, that is, later differential backups do not build on it.
        type: bool
        default: false
      log_backup_afterwards:
        description: Whether a log backup follows a full or differential one that succeeded. It is a job of its own, which is not waited for.
        type: bool
        default: false
      compression:
        description: Whether SQL Server compresses the backup. Not together with O(sql_options.checksum).
        type: bool
        default: false
      checksum:
        description: Whether SQL Server verifies pages and writes checksums.
        type: bool
        default: false
  level:
    description:
      - How much to back up. Where there is no full backup yet, Commvault makes one whatever is asked for, except of a transaction log.
      - V(synthetic_full) makes a full backup out of those that are there, without reading from the source.
      - For O(sql_subclients) it has to be V(full), V(differential) or V(transaction_log), since SQL Server has no incremental backup.
        V(transaction_log) is for them alone, and needs the full recovery model and a full backup before.
    type: str
    choices:
      - full
      - incremental
      - differential
      - synthetic_full
      - transaction_log
    default: incremental
  start:
    description:
      - V(always) starts a backup unless one is running.
      - V(if_never_backed_up) starts none for a target that has a whole backup, so that a first backup can be asked for at each run. A backup
        whose data has aged out does not count, nor does one that failed. One that completed with errors does not count for what the errors are
        about, which of a VM group are single VMs.
      - Where some of a target is backed up already, a full backup is not repeated for the rest, but an incremental one is started. Commvault
        makes the first backup of a VM a full one by itself. SQL Server subclients get what O(level) says.
      - A subclient has a backup as a whole. See M(calligo.baas.commvault_sql_database_info) for databases that were added since.
    type: str
    choices:
      - always
      - if_never_backed_up
    default: always
  fail_on_failure:
    description:
      - Whether a job that failed or was killed fails the task, and one of VMs that protected nothing.
      - With V(false), and O(start=if_never_backed_up), judge by RV(unprotected).
    type: bool
    default: true
  fail_on_partial:
    description: With O(fail_on_failure=true), whether a job that completed with errors or warnings fails the task. Otherwise it is a warning.
    type: bool
    default: false
seealso:
  - module: calligo.baas.commvault_job_info
  - module: calligo.baas.commvault_restore
"""

EXAMPLES = r"""
- name: Make sure that each VM group and each subclient has a first backup
  calligo.baas.commvault_backup:
    host: cv.example.com
    username: backup-automation
    password: "{{ commvault_password }}"
    company: Acme Sàrl
    vm_groups:
      - name: Production
        hypervisor: acme-vcenter
    subclients:
      - client: acme-fs01
        name: Data
    level: full
    start: if_never_backed_up
    wait_timeout: 21600

- name: Back up one VM before a change, and insist on all of it
  calligo.baas.commvault_backup:
    host: cv.example.com
    username: backup-automation
    password: "{{ commvault_password }}"
    vm_uuids:
      - 501c3b0d-5f0e-4b8a-9d57-0c4c2f3a1e11
    fail_on_partial: true

- name: Back up the logs of a SQL Server now
  calligo.baas.commvault_backup:
    host: cv.example.com
    username: backup-automation
    password: "{{ commvault_password }}"
    sql_subclients:
      - client: acme-sql01
        instance: ACME-SQL01\PROD
        name: default
    level: transaction_log
"""

RETURN = r"""
started:
  description: Whether a job was started, or in check mode would be.
  returned: success, and on failure as far as the call came
  type: bool
  sample: true
attached:
  description: Whether a backup was running already for one of the targets.
  returned: success, and on failure as far as the call came
  type: bool
  sample: false
targets:
  description: What was done about each target, in the order of the options.
  returned: success, and on failure as far as the call came
  type: list
  elements: dict
  sample:
    - kind: vm_group
      name: Production
      client: acme-vcenter
      backupset: null
      instance: null
      uuid: null
      subclient_id: 140
      action: started
      jobs: [1207]
  contains:
    kind:
      description: V(vm_group), V(vm), V(subclient) or V(sql_subclient).
      returned: success
      type: str
    name:
      description: Name of the VM group, VM or subclient.
      returned: success
      type: str
    client:
      description: The client, or the hypervisor of a VM or VM group.
      returned: success
      type: str
    backupset:
      description: The backup set of a file system subclient.
      returned: success
      type: str
    instance:
      description: The instance of a SQL Server subclient.
      returned: success
      type: str
    uuid:
      description: Instance UUID of a VM.
      returned: success
      type: str
    subclient_id:
      description: Id of the subclient or VM group; null in check mode if the target does not exist yet.
      returned: success
      type: int
    action:
      description: V(started), V(attached) to a running job, or V(kept) since there is a backup.
      returned: success
      type: str
    jobs:
      description: Ids of the jobs that were started or attached to, or of the last backup of a target that was kept. Empty in check mode.
      returned: success
      type: list
      elements: int
jobs:
  description:
    - The jobs of all targets. A VM group's job is the parent of one job for each VM.
    - With O(wait=false), all that is known of a job that was just started is its number.
  returned: success, and on failure as far as the call came
  type: list
  elements: dict
  sample:
    - id: 1207
      status: Completed
      outcome: success
      operation: VM Admin Job(Backup)
      type: Backup
      level: Full
      percent: 100
      reason: ""
      client: acme-vcenter
      client_id: 131
      subclient: Production
      subclient_id: 140
      start_time: "2026-11-24T03:00:00Z"
      end_time: "2026-11-24T03:21:40Z"
      application_bytes: 53687091200
      media_bytes: 10737418240
      objects: 2
      failed_objects: 0
      parent: null
      company: Acme Sàrl
      virtual_machines:
        - name: acme-web-01
          uuid: 501c3b0d-5f0e-4b8a-9d57-0c4c2f3a1e11
          job_id: 1208
          status: Completed
          outcome: success
          reason: ""
          restored_name: null
  contains:
    id:
      description: Number of the job.
      returned: success
      type: int
    status:
      description: The job's state in Commvault's words.
      returned: success
      type: str
    outcome:
      description: What the state means, V(success), V(partial), V(failed), V(standing) for a suspended job, or V(active).
      returned: success
      type: str
    operation:
      description: What the job does, in Commvault's words.
      returned: success
      type: str
    type:
      description: Kind of job.
      returned: success
      type: str
    level:
      description: Backup level, as it was in the end.
      returned: success
      type: str
    percent:
      description: How far the job is. It can stand still for minutes.
      returned: success
      type: int
    reason:
      description: Why the job does not go on, or failed, if Commvault says so.
      returned: success
      type: str
    client:
      description: Name of the client or hypervisor.
      returned: success
      type: str
    client_id:
      description: Its id.
      returned: success
      type: int
    subclient:
      description: Name of the subclient or VM group.
      returned: success
      type: str
    subclient_id:
      description: Its id; 0 for restores.
      returned: success
      type: int
    start_time:
      description: Start in UTC.
      returned: success
      type: str
    end_time:
      description: End in UTC; null while the job runs.
      returned: success
      type: str
    application_bytes:
      description: Bytes of data that were read.
      returned: success
      type: int
    media_bytes:
      description: Bytes that were written after compression and deduplication.
      returned: success
      type: int
    objects:
      description: Number of files, VMs or databases.
      returned: success
      type: int
    failed_objects:
      description: Number of files and folders, or of databases, that failed.
      returned: success
      type: int
    company:
      description: The company that it belongs to, as far as Commvault says so.
      returned: success
      type: str
      sample: Acme Sàrl
    parent:
      description: The parent job of a single VM's job.
      returned: success
      type: int
    virtual_machines:
      description: What became of each VM.
      returned: for jobs of VM groups and VMs
      type: list
      elements: dict
      contains:
        name:
          description: Name of the VM.
          returned: success
          type: str
        uuid:
          description: Its instance UUID.
          returned: success
          type: str
        job_id:
          description: The VM's own job.
          returned: success
          type: int
        status:
          description: State of that job in Commvault's words; null if there is none.
          returned: success
          type: str
        outcome:
          description: What the state means, as for the job itself; null if only the parent job can tell.
          returned: success
          type: str
        reason:
          description: Why the VM failed.
          returned: success
          type: str
        restored_name:
          description: In a restore, the name of the restored VM.
          returned: success
          type: str
unprotected:
  description:
    - What has no whole backup. That of a job with errors is none for what the errors are about.
    - In check mode, and with O(wait=false), as it is before the jobs.
  returned: with O(start=if_never_backed_up), on failure as far as the call came
  type: list
  elements: dict
  sample:
    - kind: vm
      client: acme-vcenter
      instance: null
      name: acme-db-01
      uuid: 501c3b0d-5f0e-4b8a-9d57-0c4c2f3a1e12
      reason: Failed to take a snapshot of the virtual machine.
  contains:
    kind: {description: "V(vm), V(subclient) or V(sql_subclient).", type: str, returned: always}
    client: {description: "The client, or the hypervisor of a VM.", type: str, returned: always}
    instance: {description: The instance of a SQL Server subclient., type: str, returned: always}
    name: {description: Name of the VM or subclient., type: str, returned: always}
    uuid: {description: Instance UUID of a VM., type: str, returned: always}
    reason: {description: Why it has none., type: str, returned: always}
progress:
  description: How far a call came that failed after its first job was started, or while it waited. Each target in the words of the error.
  returned: on failure, unless it failed before the first job was to be started
  type: dict
  contains:
    done:
      description: What was started, joined or kept, with its entry in RV(targets) and its jobs in RV(jobs).
      type: list
      elements: str
      returned: always
      sample: [acme-fs01/defaultBackupSet/data]
    failed: {description: What could not be started., type: list, elements: str, returned: always, sample: []}
    not_tried: {description: What was left alone., type: list, elements: str, returned: always, sample: []}
"""

from ansible_collections.calligo.baas.plugins.module_utils._commvault.jobs import backup
from ansible_collections.calligo.baas.plugins.module_utils._commvault.wire.session import OPTIONS, connect
from ansible_collections.calligo.baas.plugins.module_utils._core.runner import run_work


def main() -> None:
    run_work(OPTIONS.merge(backup.OPTIONS), connect, lambda client, context: backup.bind(client, context.params))


if __name__ == "__main__":
    main()
