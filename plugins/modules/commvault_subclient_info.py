#!/usr/bin/python

# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: commvault_subclient_info
version_added: 0.1.0
short_description: Look at subclients in Commvault, with their content
description:
  - Tells for each file system and SQL Server subclient what is backed up, by which plan, and when it last was.
  - One request for each client, and one more for each subclient that Commvault does not tell all of in its list, many at a time.
  - VM groups are in M(calligo.baas.commvault_vm_group_info).
author:
  - Calligo (@calligo)
extends_documentation_fragment:
  - calligo.baas.commvault
  - calligo.baas.query
  - calligo.baas.attributes.info
  - calligo.baas.attributes.group_commvault
options:
  clients:
    description: Names of the clients. One without such subclients is a result, RV(missing), and not an error.
    type: list
    elements: str
    required: true
  types:
    description: The agents whose subclients are told.
    type: list
    elements: str
    choices: [file_system, sql_server]
    default: [file_system, sql_server]
  backupset:
    description: Only subclients of backup sets of this name.
    type: str
  instance:
    description: Only subclients of instances of this name.
    type: str
  names:
    description: Only subclients of these names.
    type: list
    elements: str
seealso:
  - module: calligo.baas.commvault_subclient
  - module: calligo.baas.commvault_sql_subclient
"""

EXAMPLES = r"""
- name: Look at what is backed up of two servers
  calligo.baas.commvault_subclient_info:
    host: cv.example.com
    username: backup-automation
    password: "{{ commvault_password }}"
    company: Acme Sàrl
    clients: [acme-fs01, acme-sql01]
  register: known

- name: Name what has no plan
  ansible.builtin.debug:
    msg: "{{ known.subclients | rejectattr('plan') | map(attribute='name') }}"
"""

RETURN = r"""
subclients:
  description: The subclients, by client in the order of O(clients). O(query) is applied to it.
  returned: success
  type: list
  elements: dict
  contains:
    id: {description: Its id., type: int, sample: 180}
    client: {description: Name of its client., type: str, sample: acme-fs01}
    type: {description: "Its agent, see O(types).", type: str, sample: file_system}
    instance: {description: Name of its instance., type: str}
    backupset: {description: Name of its backup set., type: str, sample: defaultBackupSet}
    name: {description: Its name., type: str, sample: data}
    default: {description: Whether it is the default one of its backup set or instance., type: bool}
    plan: {description: Its plan; null for none., type: str, sample: acme-gold}
    description: {description: What it is for., type: str}
    backup_enabled: {description: Whether backups may run., type: bool}
    last_backup:
      description: The newest backup, with its C(time) in UTC, null for none, and C(bytes).
      type: dict
      sample: {time: "2026-11-24T03:21:40Z", bytes: 981264}
    first_backup: {description: "When the first backup was, in UTC.", type: str}
    total_bytes: {description: Size of all backups that are kept., type: int}
    content: {description: "Paths that are backed up, the plan's if they come from there.", returned: for file systems, type: list, elements: str}
    filters: {description: Paths and wildcards that are left out., returned: for file systems, type: list, elements: str}
    exceptions: {description: What of the filters is backed up all the same., returned: for file systems, type: list, elements: str}
    content_from_plan: {description: Whether the content is the plan's., returned: for file systems, type: bool}
    databases:
      description: The databases; of the default subclient those that it covers now.
      returned: for SQL Server
      type: list
      elements: str
missing:
  description: Those of O(clients) that have no such subclient, do not exist, or cannot be seen.
  returned: success
  type: list
  elements: str
  sample: []
"""

from ansible_collections.calligo.baas.plugins.module_utils._commvault.files import info as subclient_info
from ansible_collections.calligo.baas.plugins.module_utils._commvault.wire.session import OPTIONS, connect
from ansible_collections.calligo.baas.plugins.module_utils._core.runner import run


def main() -> None:
    run(
        OPTIONS.merge(subclient_info.OPTIONS),
        connect,
        lambda client, context: subclient_info.describe(client, context.params),
        queried="subclients",
    )


if __name__ == "__main__":
    main()
