#!/usr/bin/python

# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: commvault_sql_database_info
version_added: 0.1.0
short_description: Read SQL Server databases in Commvault, their protection and what can be restored
description:
  - Lists the databases of an instance, of a client, or of a whole tenant, with plan, SLA and last backup.
  - A database that is gone from its instance is listed too, as long as it can be restored from a backup.
  - Costs three requests and one for each instance, whatever the number of databases.
author:
  - Calligo (@calligo)
extends_documentation_fragment:
  - calligo.baas.commvault
  - calligo.baas.query
  - calligo.baas.attributes
  - calligo.baas.attributes.info
  - calligo.baas.attributes.group_commvault
options:
  client:
    description: Name of the client to look at. Without it, all clients that can be seen; with O(company) those of the company.
    type: str
  instance:
    description: Name of the instance to look at. Needs O(client).
    type: str
  databases:
    description: Names of databases, to read these alone. One that does not exist is left out.
    type: list
    elements: str
  system_databases:
    description: Whether master, model and msdb are listed, too.
    type: bool
    default: false
  files:
    description: Whether to read the files of each database that can be restored, as its last backup has them. One more request for each instance.
    type: bool
    default: false
seealso:
  - module: calligo.baas.commvault_restore
  - module: calligo.baas.commvault_sql_instance
  - module: calligo.baas.commvault_sql_subclient
"""

EXAMPLES = r"""
- name: Read all databases of a tenant
  calligo.baas.commvault_sql_database_info:
    host: cv.example.com
    username: backup-automation
    password: "{{ commvault_password }}"
    company: Acme Sàrl
  register: sql

- name: Name those that miss their SLA
  ansible.builtin.debug:
    msg: "{{ sql.databases | selectattr('sla', 'equalto', 'missed') | map(attribute='name') }}"
"""

RETURN = r"""
total:
  description: How many databases there are in the list.
  returned: success
  type: int
  sample: 1
databases:
  description: The databases, by client, instance and name. O(query) is applied to it.
  returned: success
  type: list
  elements: dict
  sample:
    - name: Sales
      id: 134
      client: acme-sql01
      instance: ACME-SQL01\PROD
      instance_id: 131
      exists: true
      recovery_model: full
      plan: acme-databases
      company: Acme Sàrl
      sla: met
      last_backup: "2026-11-24T03:05:10Z"
      last_backup_bytes: 20971520
      last_full_job: 1208
      restorable: true
      restorable_until: "2026-11-24T03:05:10Z"
      files:
        - logical: Sales
          path: D:\SQL\Data\Sales.mdf
          size: 67108864
        - logical: Sales_log
          path: L:\SQL\Log\Sales_log.ldf
          size: 8388608
  contains:
    name:
      description: Name of the database.
      returned: success
      type: str
    id:
      description: Its id in Commvault; null for one that is gone.
      returned: success
      type: int
    client:
      description: Name of the client.
      returned: success
      type: str
    instance:
      description: Name of the instance.
      returned: success
      type: str
    instance_id:
      description: Id of the instance.
      returned: success
      type: int
    exists:
      description: Whether the instance has it now. One that does not exist is left over in backups.
      returned: success
      type: bool
    recovery_model:
      description: V(full), V(simple) or another one of SQL Server. Only a database in the full model can be restored to any moment.
      returned: success
      type: str
    plan:
      description: Name of the plan that protects it; null if there is none.
      returned: success
      type: str
    company:
      description: The company that it belongs to, as far as Commvault says so.
      returned: success
      type: str
    sla:
      description: V(met), V(missed), V(excluded), or V(unknown) if Commvault does not say.
      returned: success
      type: str
    last_backup:
      description: When it was last backed up, in UTC; null if never.
      returned: success
      type: str
    last_backup_bytes:
      description: Bytes of that backup.
      returned: success
      type: int
    last_full_job:
      description: The job of its last full backup; null if there is none.
      returned: success
      type: int
    restorable:
      description: Whether there is a full backup to restore it from.
      returned: success
      type: bool
    restorable_until:
      description: The latest moment that backups reach, in UTC; null if it cannot be restored. A broken log chain can make it earlier.
      returned: success
      type: str
    files:
      description: Its files as last backed up, with their logical name, path and size in bytes; null unless O(files) and it can be restored.
      returned: success
      type: list
      elements: dict
"""

from ansible_collections.calligo.baas.plugins.module_utils._commvault.sql import database_info
from ansible_collections.calligo.baas.plugins.module_utils._commvault.wire.session import OPTIONS, connect
from ansible_collections.calligo.baas.plugins.module_utils._core.runner import run


def main() -> None:
    run(
        OPTIONS.merge(database_info.OPTIONS),
        connect,
        lambda client, context: database_info.describe(client, context.params),
        queried="databases",
    )


if __name__ == "__main__":
    main()
