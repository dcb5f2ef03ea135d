#!/usr/bin/python

# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: commvault_job_info
version_added: 0.1.0
short_description: Read Commvault jobs
description:
  - Reads jobs by their numbers, or all that meet a filter, newest first.
  - Inside a company (O(company) or O(company_id)), only its jobs are shown.
author:
  - Calligo (@calligo)
extends_documentation_fragment:
  - calligo.baas.commvault
  - calligo.baas.attributes.info
  - calligo.baas.attributes.group_commvault
options:
  job_ids:
    description:
      - Numbers of jobs, in any state. One that Commvault does not know after some seconds fails the task.
      - Mutually exclusive with O(client) and O(vm_group). The other filters are ignored.
    type: list
    elements: int
  client:
    description: Only jobs of this client. Those that restore from it are among them.
    type: str
  backupset:
    description: The backup set of O(subclient).
    type: str
    default: defaultBackupSet
  subclient:
    description: Only jobs of this subclient of O(client). Commvault notes no subclient in restore jobs, so that there are none among them.
    type: str
  vm_group:
    description: Only jobs of this VM group, and of its VMs.
    type: dict
    suboptions:
      name:
        description: Name of the VM group.
        type: str
        required: true
      hypervisor:
        description: Name of its hypervisor.
        type: str
        required: true
  category:
    description: Whether to show jobs that have ended, jobs that have not, or both.
    type: str
    choices:
      - all
      - active
      - finished
    default: all
  statuses:
    description: Only jobs in these states, in Commvault's words, such as V(Failed) or V(Completed w/ one or more errors).
    type: list
    elements: str
    default: []
  types:
    description: Only jobs of these kinds; by default of every kind.
    type: list
    elements: str
    choices:
      - backup
      - restore
      - synthetic_full
    default: []
  since_seconds:
    description: How far back to look for jobs that have ended. Jobs that have not ended are always shown.
    type: int
    default: 86400
  limit:
    description: The most jobs to return.
    type: int
    default: 100
  vm_results:
    description: Whether to add what became of each VM. Costs some requests for each job.
    type: bool
    default: false
seealso:
  - module: calligo.baas.commvault_backup
  - module: calligo.baas.commvault_restore
"""

EXAMPLES = r"""
- name: Read all backups of the last day that did not succeed
  calligo.baas.commvault_job_info:
    host: cv.example.com
    username: backup-automation
    password: "{{ commvault_password }}"
    types:
      - backup
    statuses:
      - Failed
      - Failed to Start
      - Killed
      - Completed w/ one or more errors
  register: troubled

- name: Wait for a job that was started earlier
  calligo.baas.commvault_job_info:
    host: cv.example.com
    username: backup-automation
    password: "{{ commvault_password }}"
    job_ids:
      - 1207
    vm_results: true
  register: backup
  until: backup.jobs[0].outcome != 'active'
  retries: 240
  delay: 30
"""

RETURN = r"""
jobs:
  description: The jobs, newest first, or in the order of O(job_ids).
  returned: success
  type: list
  elements: dict
  sample:
    - id: 1207
      status: Completed w/ one or more errors
      outcome: partial
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
      failed_objects: 1
      parent: null
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
      description: Number of files, or of VMs.
      returned: success
      type: int
    failed_objects:
      description: Number of files and folders that failed.
      returned: success
      type: int
    parent:
      description: The parent job of a single VM's job.
      returned: success
      type: int
    virtual_machines:
      description: What became of each VM.
      returned: if O(vm_results=true)
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
total:
  description: How many jobs meet the filter, those beyond O(limit) included.
  returned: success
  type: int
  sample: 1
"""

from ansible_collections.calligo.baas.plugins.module_utils._commvault.job_query import OPTIONS as QUERY_OPTIONS
from ansible_collections.calligo.baas.plugins.module_utils._commvault.job_query import run as query
from ansible_collections.calligo.baas.plugins.module_utils._commvault.session import OPTIONS, connect
from ansible_collections.calligo.baas.plugins.module_utils._core.runner import run


def main() -> None:
    run(OPTIONS.merge(QUERY_OPTIONS), connect, lambda client, context: query(client, context.params))


if __name__ == "__main__":
    main()
