#!/usr/bin/python

# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: commvault_job
version_added: 0.1.0
short_description: Wait for Commvault jobs, suspend, resume or kill them
description:
  - Waits for the jobs that are named, or brings them to a state and waits until they are really in it.
  - It never works on an unnamed set of jobs. Numbers come from M(calligo.baas.commvault_backup), M(calligo.baas.commvault_restore) and
    M(calligo.baas.commvault_job_info).
  - A job that has ended stays as it is, whatever is asked for.
author:
  - Calligo (@calligo)
extends_documentation_fragment:
  - calligo.baas.commvault
  - calligo.baas.attributes
  - calligo.baas.attributes.declarative
  - calligo.baas.attributes.group_commvault
options:
  job_ids:
    description:
      - Numbers of the jobs. An empty list means none.
      - One that Commvault does not know after some seconds fails the task before any job is touched. In check mode it gives a warning.
    type: list
    elements: int
    required: true
  state:
    description:
      - V(waited) waits until the jobs have ended. It only reads. A job that stands suspended ends the wait with an error at once, since
        somebody has to resume it.
      - V(suspended) lets the jobs stand still until somebody resumes them.
      - V(resumed) lets suspended jobs go on. It does not wait for their end.
      - V(killed) ends the jobs for good. What a killed backup has copied is not to be restored from. No other state, and no time that has
        passed, ever kills a job.
      - The job of a single VM that belongs to that of a VM group is refused for V(suspended) and V(killed), since all of it would be.
    type: str
    choices:
      - waited
      - suspended
      - resumed
      - killed
    default: waited
  wait_timeout:
    description:
      - Seconds to wait. After them the task fails with the state of the jobs, and they are left alone.
      - By default 7200 for O(state=waited), and 600 for the others, which Commvault carries out some time after they are asked for.
    type: int
  fail_on_failure:
    description: With O(state=waited), whether a job that failed or was killed fails the task. The error holds the jobs.
    type: bool
    default: true
  fail_on_partial:
    description: With O(state=waited) and O(fail_on_failure=true), whether a job that completed with errors fails the task too, instead of a warning.
    type: bool
    default: false
seealso:
  - module: calligo.baas.commvault_job_info
"""

EXAMPLES = r"""
- name: Start the backups of all tenants, and go on with something else
  calligo.baas.commvault_backup:
    host: cv.example.com
    username: backup-automation
    password: "{{ commvault_password }}"
    vm_groups:
      - {name: acme-vms, hypervisor: acme-vcenter}
    wait: false
  register: started

- name: Wait for them together
  calligo.baas.commvault_job:
    host: cv.example.com
    username: backup-automation
    password: "{{ commvault_password }}"
    job_ids: "{{ started.jobs | map(attribute='id') }}"

- name: Let the restores that run now have the link for themselves
  calligo.baas.commvault_job:
    host: cv.example.com
    username: backup-automation
    password: "{{ commvault_password }}"
    job_ids: "{{ running_backups.jobs | map(attribute='id') }}"
    state: suspended

- name: Kill a restore that was started by mistake
  calligo.baas.commvault_job:
    host: cv.example.com
    username: backup-automation
    password: "{{ commvault_password }}"
    job_ids: [1207]
    state: killed
"""

RETURN = r"""
jobs:
  description: The jobs as they are afterwards, in the order of O(job_ids).
  returned: success, and on failure as far as the call came
  type: list
  elements: dict
  sample:
    - id: 1207
      status: Killed
      outcome: failed
      operation: Restore
      type: Restore
      client: acme-fs01
      start_time: "2026-11-24T03:00:00Z"
      end_time: "2026-11-24T03:02:10Z"
      changed: true
  contains:
    id: {description: Number of the job., type: int, returned: always}
    status: {description: The job's state in Commvault's words., type: str, returned: if the job is known}
    outcome:
      description: What the state means, V(success), V(partial), V(failed), V(standing) for a suspended job, or V(active).
      type: str
      returned: if the job is known
    reason: {description: Why the job does not go on, type: str, returned: if the job is known}
    client: {description: Name of the client or hypervisor., type: str, returned: if the job is known}
    subclient: {description: Name of the subclient or VM group., type: str, returned: if the job is known}
    start_time: {description: Start in UTC., type: str, returned: if the job is known}
    end_time: {description: End in UTC; null while the job runs., type: str, returned: if the job is known}
    changed:
      description: Whether this task changed the job. One that ended by itself before the request reached it was not changed.
      type: bool
      returned: always
progress:
  description: How far a call came that failed at one of many. Each job in the words of the error; with O(state=waited) there is nothing to tell.
  returned: on failure, unless it failed before the first job was touched, or only waited
  type: dict
  contains:
    done: {description: "What is as it was asked for, with its entry in RV(jobs).", type: list, elements: str, returned: always, sample: ["job 1207"]}
    failed: {description: What the error is about., type: list, elements: str, returned: always, sample: ["job 1208"]}
    not_tried: {description: What was left alone., type: list, elements: str, returned: always, sample: []}
"""

from ansible_collections.calligo.baas.plugins.module_utils._commvault.jobs import job
from ansible_collections.calligo.baas.plugins.module_utils._commvault.wire.session import OPTIONS, connect
from ansible_collections.calligo.baas.plugins.module_utils._core.runner import run_work


def main() -> None:
    run_work(OPTIONS.merge(job.OPTIONS), connect, lambda client, context: job.bind(client, context.params))


if __name__ == "__main__":
    main()
