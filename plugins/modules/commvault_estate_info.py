#!/usr/bin/python

# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: commvault_estate_info
version_added: 0.1.0
short_description: Read all that a company owns in Commvault, and which of its backups are still kept
description:
  - Tells servers, hypervisors, VM groups, subclients, plans and users of the company in O(company), and how many backups on its plans are kept,
    and until when. This is what the end of a service has to deal with.
  - Nothing of the provider or of another company is among them.
  - A company that does not exist owns nothing, which is a result and not an error.
author:
  - Calligo (@calligo)
extends_documentation_fragment:
  - calligo.baas.commvault
  - calligo.baas.query
  - calligo.baas.attributes
  - calligo.baas.attributes.info
  - calligo.baas.attributes.group_commvault
seealso:
  - module: calligo.baas.commvault_company
  - module: calligo.baas.commvault_company_info
"""

EXAMPLES = r"""
- name: Look at what the tenant has
  calligo.baas.commvault_estate_info:
    host: https://commvault.example.com
    username: baas-automation
    password: "{{ commvault_password }}"
    company: Acme Sàrl
  register: known

- name: Say how long its backups are kept
  ansible.builtin.debug:
    msg: "{{ known.estate.kept.jobs }} jobs, the last of them until {{ known.estate.kept.kept_until }}"
"""

RETURN = r"""
estate:
  description: What the company owns. O(query) is applied to it.
  returned: success
  type: dict
  contains:
    company:
      description: The company; null if it does not exist.
      type: dict
      sample: {id: 142, name: Acme Sàrl, alias: acme, status: ACTIVE}
    servers:
      description: Its servers. A retired one is without Commvault's software, and there for its backups alone.
      type: list
      elements: dict
      sample: [{id: 31, name: acme-fs01, agents: [File System], retired: false}]
    hypervisors:
      description: Its hypervisors, retired ones too.
      type: list
      elements: dict
      sample: [{id: 160, name: acme-vcenter, retired: false}]
    vm_groups:
      description: Its VM groups. The default one belongs to its hypervisor and goes with it.
      type: list
      elements: dict
      sample: [{id: 170, name: acme-vms, hypervisor: acme-vcenter, plan: acme-gold, backup_enabled: true, default: false}]
    subclients:
      description: The subclients of all agents on its servers.
      type: list
      elements: dict
      sample:
        - id: 180
          client: acme-fs01
          agent: File System
          file_system: true
          sql_server: false
          instance: DefaultInstanceName
          backupset: defaultBackupSet
          name: data
          plan: acme-files
          backup_enabled: true
          default: false
    plans:
      description: Its plans, with how many things each protects, and what is kept on its destinations; the latter null where Commvault does not tell.
      type: list
      elements: dict
      sample:
        - id: 171
          name: acme-gold
          associated_entities: 1
          kept: {jobs: 12, bytes: 53687091200, media_bytes: 10737418240, kept_until: "2027-02-22T03:21:40Z"}
    users:
      description: Names of its users.
      type: list
      elements: str
      sample: ['acme\ada']
    owned:
      description: Names of everything for which Commvault does not delete the company, single VMs with backups among them.
      type: list
      elements: str
      sample: [acme-files, acme-fs01, acme-gold, acme-vcenter, acme-web-01]
    backups:
      description:
        - What is kept of each thing that was backed up with its plans. A VM group stands for all of its VMs.
        - The subclient is empty where Commvault does not remember it any more. Null where Commvault cannot list the jobs of a destination.
      type: list
      elements: dict
      sample:
        - client: acme-vcenter
          subclient: acme-vms
          jobs: 12
          bytes: 53687091200
          media_bytes: 10737418240
          kept_until: "2027-02-22T03:21:40Z"
    kept:
      description:
        - All backups that are kept on its plans. A job that lies on several destinations is counted once.
        - C(kept_until) is the end of the last one's retention in UTC, V(infinite), or null where there is none.
      type: dict
      sample: {jobs: 14, bytes: 53687301200, media_bytes: 10737488240, kept_until: "2027-02-22T03:21:40Z"}
"""

from ansible_collections.calligo.baas.plugins.module_utils._commvault.tenancy import estate_info
from ansible_collections.calligo.baas.plugins.module_utils._commvault.wire import session
from ansible_collections.calligo.baas.plugins.module_utils._core.runner import run


def main() -> None:
    run(session.OPTIONS, session.connect, lambda client, _context: estate_info.read(client), queried="estate")


if __name__ == "__main__":
    main()
