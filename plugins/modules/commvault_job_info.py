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
  - With O(figures) or O(output_file), all jobs that meet the filter are gone through page by page, however many, without being kept. This
    is how a report on 100,000 jobs is made.
author:
  - Calligo (@calligo)
extends_documentation_fragment:
  - calligo.baas.commvault
  - calligo.baas.output_file
  - calligo.baas.query
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
    description:
      - The most jobs to return. It does not limit what is counted in RV(figures) or written to O(output_file).
      - V(0) is allowed with these two only.
    type: int
    default: 100
  vm_results:
    description: Whether to add what became of each VM. Costs some requests for each job. Not in O(output_file).
    type: bool
    default: false
  descriptions:
    description: Whether to add what the request for each job says of it for people. Costs a request for each job. Not in O(output_file).
    type: bool
    default: false
  clock:
    description:
      - Whether to tell how far the clock that the jobs' times are of differs from that of the machine that the module runs on, and with
        O(vm_results) when it was the turn of each VM.
      - It is read from the header C(Date) of the answer, which is that of the CommServe where its own web server answers.
    type: bool
    default: false
  figures:
    description:
      - Count all jobs that meet the filter, add up their sizes, and do so by each of these too. Of each kind the hundred groups with most jobs
        are told apart. An empty list gives the totals alone.
      - By V(reason), only what did not succeed is counted. The number of the job in a reason is shown as C(#).
    type: list
    elements: str
    choices: [company, client, type, level, status, outcome, reason]
  reason_lookups:
    description:
      - Commvault's lists do not say why a job that has ended did not succeed. With O(figures) or O(output_file), the newest so many of these
        jobs are asked for it, with one or two requests each, as many at a time as O(parallel) says. Of the others the reason is empty.
    type: int
    default: 100
  output_format:
    description:
      - How to write O(output_file). V(csv) has the names of the columns in the first line, V(jsonl) one JSON object in each line.
      - In V(csv), text that a spreadsheet would take for a formula gets an apostrophe before it.
    type: str
    choices: [csv, jsonl]
    default: csv
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

- name: Return only why jobs failed
  calligo.baas.commvault_job_info:
    host: cv.example.com
    username: backup-automation
    password: "{{ commvault_password }}"
    query: "[?outcome=='failed'].{id: id, why: reason}"

- name: Write the backups of the last month to a file, and count them by company and reason
  calligo.baas.commvault_job_info:
    host: cv.example.com
    username: backup-automation
    password: "{{ commvault_password }}"
    types: [backup]
    since_seconds: 2678400
    figures: [company, outcome, reason]
    output_file: /var/lib/baas/jobs.csv
    output_mode: "0640"
  register: month

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
  description: The jobs, newest first, or in the order of O(job_ids). O(query) is applied to it.
  returned: unless O(output_file) is given
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
      company: Acme Sàrl
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
    company:
      description: The company that it belongs to, as far as Commvault says so.
      returned: success
      type: str
      sample: Acme Sàrl
    parent:
      description: The parent job of a single VM's job.
      returned: success
      type: int
    description:
      description: What the request for the job says of it; null where the server does not show that.
      returned: if O(descriptions=true)
      type: str
      sample: "calligo.baas restore 5d3c6f52-0a4f-4b2c-8c55-6d6c6f3f1d11: before the upgrade"
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
        start_time:
          description: When the job began with the VM, in UTC, if Commvault says so.
          returned: with O(clock=true)
          type: str
        end_time:
          description: When it was done with the VM, in UTC, if Commvault says so.
          returned: with O(clock=true)
          type: str
total:
  description: How many jobs meet the filter, those beyond O(limit) included.
  returned: success
  type: int
  sample: 1
clock:
  description: The server's clock.
  returned: with O(clock), without O(figures) and O(output_file)
  type: dict
  contains:
    ahead_seconds:
      description: By how much it was ahead of that of the machine that the module runs on; negative where it was behind. V(null) if it is not known.
      type: float
      returned: always
      sample: 0.3
figures:
  description: What the jobs come to.
  returned: with O(figures) or O(output_file)
  type: dict
  contains:
    total:
      description: All jobs, but for those of single VMs that belong to the job of a VM group, which has their sizes.
      type: dict
      returned: always
      sample:
        jobs: 4120
        success: 3900
        partial: 120
        failed: 100
        standing: 0
        active: 0
        application_bytes: 81604378624
        media_bytes: 27201459541
        objects: 1240118
        failed_objects: 208
    jobs_of_single_vms:
      description: How many jobs of single VMs were left out of that.
      type: int
      returned: always
      sample: 860
    by_company:
      description:
        - The same for each company, those with most jobs first. There is one such list, C(by_) and its name, for each of O(figures).
        - A group whose name is null is all that there was beyond the hundred with most jobs.
      type: list
      elements: dict
      returned: if asked for
      sample:
        - company: Acme Sàrl
          jobs: 310
          success: 300
          partial: 6
          failed: 4
          standing: 0
          active: 0
          application_bytes: 8160437862
          media_bytes: 2720145954
          objects: 124011
          failed_objects: 20
file:
  description: What was written to O(output_file), or in check mode would have been.
  returned: with O(output_file)
  type: dict
  contains:
    path: {description: The file., type: str, returned: always, sample: /var/lib/baas/jobs.csv}
    format: {description: How it is written., type: str, returned: always, sample: csv}
    size: {description: Its size in bytes., type: int, returned: always, sample: 15213652}
    count: {description: How many jobs are in it., type: int, returned: always, sample: 100000}
"""

from ansible_collections.calligo.baas.plugins.module_utils._commvault.jobs import job_info
from ansible_collections.calligo.baas.plugins.module_utils._commvault.wire.session import OPTIONS, connect
from ansible_collections.calligo.baas.plugins.module_utils._core.runner import run


def main() -> None:
    run(OPTIONS.merge(job_info.OPTIONS), connect, job_info.describe, queried="jobs")


if __name__ == "__main__":
    main()
