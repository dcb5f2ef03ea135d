#!/usr/bin/python

# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: commvault_protection_info
version_added: 0.1.0
short_description: Read how well the systems of many tenants are protected
description:
  - Compares what specifications name, what a vCenter has and what Commvault did, and writes figures of it to a file, from which the
    reports of the provider and of each tenant are made.
  - Jobs are read page by page and not kept. There is a request for each kind of thing, or for a thousand rows, however many tenants there
    are, and some more for what did not succeed.
  - SLA, met, missed, excluded and strikes are as Commvault defines them. A client meets its SLA if each of its subclients has a successful
    full, incremental, differential or log backup within the SLA days of its plan; a backup of files or of a VM with errors is one, of
    databases it is not, and synthetic fulls do not count. What is disabled, gone from the vCenter, flagged or too new is excluded.
  - The state of a system is stricter. Whose last backup had errors is not protected, as far as these go.
  - A job counts for a tenant only if the job or its client belongs to the tenant's company; the server's filters are not relied on.
  - What cannot be read is no error. It is told in RV(summary.problems), and what depends on it is V(unknown).
author:
  - Calligo (@calligo)
extends_documentation_fragment:
  - calligo.baas.commvault
  - calligo.baas.query
  - calligo.baas.attributes.info
  - calligo.baas.attributes.group_commvault
options:
  tenants:
    description: What the specifications of tenants name, as P(calligo.baas.tenant_scope#lookup) has it.
    type: list
    elements: dict
    required: true
    suboptions:
      host: {description: Inventory name of the tenant., type: str, required: true}
      name: {description: Name of its company., type: str, required: true}
      alias: {description: Its short name., type: str, required: true}
      region: {description: The region of its data., type: str, required: true}
      plans:
        description: Its plans, each with C(name), C(sla_days) and C(rpo_seconds).
        type: list
        elements: dict
        required: true
      vms: {description: The C(folder) of its VMs and their C(groups); nothing for no VMs., type: dict}
      parts:
        description: Subclients of its servers, each with C(kind), C(client), C(instance), C(name), C(plan), C(exception) and C(enabled).
        type: list
        elements: dict
        required: true
  region:
    description: The region that is reported on.
    type: str
    required: true
  vms_file:
    description:
      - The VMs of the region's data center, as M(calligo.baas.vcenter_vm_facts) writes them, with C(instance_uuid), C(kind), C(folder), and
        C(tags) if groups name any. Without it the VMs are those that Commvault knows, and the document says so.
    type: path
  vms_error:
    description: Why there is no O(vms_file).
    type: str
    default: ""
  provider_folders:
    description: Folders of the vCenter whose VMs no specification has to name.
    type: list
    elements: str
    default: []
  time_zone:
    description: The time zone of the region, as the IANA database calls it.
    type: str
    required: true
  end:
    description:
      - When the period ends, in ISO 8601, in UTC. It begins at the same time of the day before in O(time_zone).
      - Now, by Commvault's clock, if this is not given.
    type: str
  history_days:
    description: For how many calendar days the outcomes are told.
    type: int
    default: 30
  reason_lookups:
    description: The most jobs, groups and clients, each, that are asked why they did not succeed, or whether they are switched off.
    type: int
    default: 200
  output_file:
    description:
      - Where the document goes, on the host that runs the module. It is replaced in one step, and left alone if it is the same already.
        Its folder must exist. Without it only the summary is returned.
      - In check mode nothing is written.
    type: path
  output_mode:
    description: Permissions of the file.
    type: str
    choices: ["0600", "0640"]
    default: "0600"
seealso:
  - module: calligo.baas.commvault_job_info
  - module: calligo.baas.vcenter_vm_facts
"""

EXAMPLES = r"""
- name: Read how well the tenants of a region are protected
  calligo.baas.commvault_protection_info:
    host: cv.example.com
    username: backup-automation
    password: "{{ commvault_password }}"
    region: luxembourg
    tenants: "{{ query('calligo.baas.tenant_scope', *groups['region_luxembourg']) }}"
    vms_file: /var/lib/baas/vms.json
    time_zone: Europe/Luxembourg
    end: "2026-11-24T06:00:00Z"
    output_file: /var/lib/baas/protection.json
  register: protection

- name: Show what is wrong
  ansible.builtin.debug:
    msg: "{{ protection.summary.states }}"
"""

RETURN = r"""
file:
  description: The document, or what it would be in check mode.
  returned: with O(output_file)
  type: dict
  contains:
    path: {description: The file., type: str, returned: always, sample: /var/lib/baas/protection.json}
    size: {description: Its size in bytes., type: int, returned: always, sample: 482110}
summary:
  description: What it comes to. O(query) is applied to it.
  returned: success
  type: dict
  contains:
    complete: {description: Whether everything could be read., type: bool, returned: always, sample: true}
    systems: {description: How many systems there are., type: int, returned: always, sample: 412}
    wrong: {description: For how many of them something has to be done., type: int, returned: always, sample: 3}
    states:
      description:
        - How many systems are in each state, V(failed), V(never_ran), V(partly), V(missed), V(not_in_group), V(vm_gone), V(disabled),
          V(unknown), V(excepted) and V(protected).
      type: dict
      returned: always
      sample: {failed: 2, missed: 1, protected: 409}
    sla:
      description: How many clients met and missed their SLA, are excluded or unknown, and how many percent of the first two met it.
      type: dict
      returned: always
      sample: {met: 398, missed: 2, excluded: 1, unknown: 0, percent: 99.5}
    tenants: {description: Inventory names of the tenants., type: list, elements: str, returned: always, sample: [acme]}
    problems: {description: What could not be read., type: list, elements: str, returned: always, sample: []}
"""

import json
import typing as t

from ansible_collections.calligo.baas.plugins.module_utils._commvault.backups import jobs
from ansible_collections.calligo.baas.plugins.module_utils._commvault.tenancy import protection_info
from ansible_collections.calligo.baas.plugins.module_utils._commvault.wire.client import Commvault
from ansible_collections.calligo.baas.plugins.module_utils._commvault.wire.session import OPTIONS, connect
from ansible_collections.calligo.baas.plugins.module_utils._core import output
from ansible_collections.calligo.baas.plugins.module_utils._core.argspec import ArgumentSpec
from ansible_collections.calligo.baas.plugins.module_utils._core.runner import Context, run
from ansible_collections.calligo.baas.plugins.module_utils._service import (
    protection_document,
    protection_reading,
    protection_scope,
    report_period,
)

SPEC = ArgumentSpec(
    {
        "tenants": {"type": "list", "elements": "dict", "required": True, "options": protection_scope.TENANT},
        "region": {"type": "str", "required": True},
        "vms_file": {"type": "path"},
        "vms_error": {"type": "str", "default": ""},
        "provider_folders": {"type": "list", "elements": "str", "default": []},
        "time_zone": {"type": "str", "required": True},
        "end": {"type": "str"},
        "history_days": {"type": "int", "default": 30},
        "reason_lookups": {"type": "int", "default": 200},
    }
).merge(output.OPTIONS)


def act(client: Commvault, context: Context) -> dict[str, t.Any]:
    params = context.params
    vms = protection_info.options(params)
    source = protection_info.Source(client, params["reason_lookups"])
    end = jobs.seconds(params["end"]) if params["end"] else source.now()
    period = report_period.last_day(params["time_zone"], end, params["history_days"])
    place = {"region": params["region"], "vms": vms, "vms_error": params["vms_error"], "outside": params["provider_folders"]}
    whole = protection_reading.read(source, params["tenants"], period, **place)
    result = {"changed": False, "summary": protection_document.summary(whole)}
    if params["output_file"] is None:
        return result
    text = json.dumps(whole, ensure_ascii=False, sort_keys=True, separators=(",", ":")) + "\n"
    written = context.write_file(params["output_file"], [text], params["output_mode"])
    return {**result, "changed": written.changed, "file": {"path": written.path, "size": written.size}}


def main() -> None:
    run(OPTIONS.merge(SPEC), connect, act, queried="summary")


if __name__ == "__main__":
    main()
