#!/usr/bin/python

# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: commvault_sql_subclient
version_added: 0.1.0
short_description: Manage SQL Server subclients in Commvault, many in one call
description:
  - Creates, changes and deletes subclients of SQL Server instances, which say which databases are backed up by which plan.
  - Every instance has a default subclient, which covers each database that no other subclient lists, new databases included.
    Others are needed only where databases differ in plan or schedule.
  - It is a module of its own beside M(calligo.baas.commvault_subclient), because paths, filters and shadow copies mean nothing to
    databases, and a database can be in one subclient only, which no path is bound to.
  - All subclients of the list are read and checked before the first is written. A client, instance, database or plan that does not
    exist therefore leaves nothing half-written.
  - Only what a task gives is compared and changed, and only the differences are sent.
author:
  - Calligo (@calligo)
extends_documentation_fragment:
  - calligo.baas.commvault
  - calligo.baas.attributes
  - calligo.baas.attributes.declarative
  - calligo.baas.attributes.group_commvault
options:
  subclients:
    description: The subclients. Give all of a tenant in one call; one list for each client and one read for each subclient is all that it costs.
    type: list
    elements: dict
    required: true
    suboptions:
      client:
        description: Name of the client, the server with the SQL Server agent. When acting in a company, it must belong to that company.
        type: str
        required: true
      instance:
        description: Name of the instance. Commvault must know it, see M(calligo.baas.commvault_sql_instance).
        type: str
        required: true
      name:
        description:
          - Name of the subclient. Commvault does not distinguish names by case.
          - V(default) means the default subclient of the instance, even if it was renamed.
        type: str
        required: true
      databases:
        description:
          - Names of the databases to back up. Required for a subclient that does not exist yet; it cannot be emptied.
          - The list is the whole content. A database that is taken out falls back to the default subclient.
          - The default subclient must not have it, since it covers whatever is left.
        type: list
        elements: str
      allow_move:
        description: Whether a database may be taken from another subclient that lists it, and that this task does not take it from.
        type: bool
        default: false
      plan:
        description: Name of the server plan that protects the subclient. Without one it follows the instance.
        type: str
      description:
        description: Text for people. An empty text removes it.
        type: str
      backup_enabled:
        description: Whether backups of the subclient may run. Running ones are not stopped.
        type: bool
      state:
        description:
          - V(absent) deletes the subclient. Its databases fall back to the default subclient; its backups are kept as long as their
            retention says.
          - The default subclient of an instance cannot be deleted.
        type: str
        choices:
          - present
          - absent
        default: present
seealso:
  - module: calligo.baas.commvault_sql_instance
  - module: calligo.baas.commvault_sql_database_info
  - module: calligo.baas.commvault_backup
  - module: calligo.baas.commvault_plan
"""

EXAMPLES = r"""
- name: Back up one database by a plan of its own, and all others by another
  calligo.baas.commvault_sql_subclient:
    host: https://commvault.example.com
    username: baas-automation
    password: "{{ vault_commvault_password }}"
    company: Acme Sàrl
    subclients:
      - client: acme-sql01
        instance: ACME-SQL01\PROD
        name: sales
        databases:
          - Sales
        plan: acme-databases-15min
      - client: acme-sql01
        instance: ACME-SQL01\PROD
        name: default
        plan: acme-databases

- name: Let the default subclient cover it again
  calligo.baas.commvault_sql_subclient:
    host: https://commvault.example.com
    username: baas-automation
    password: "{{ vault_commvault_password }}"
    company: Acme Sàrl
    subclients:
      - client: acme-sql01
        instance: ACME-SQL01\PROD
        name: sales
        state: absent
"""

RETURN = r"""
subclients:
  description:
    - The subclients after the task, in the order of the list. In check mode, what they would be.
    - One that was deleted is shown as it was.
  returned: success, and on failure as far as the call came
  type: list
  elements: dict
  contains:
    changed:
      description: Whether this subclient was created, changed or deleted.
      returned: always
      type: bool
      sample: true
    id:
      description: Id of the subclient. Missing in check mode for one that would be created.
      returned: when the subclient exists
      type: int
      sample: 142
    client:
      description: Name of the client.
      returned: when the subclient exists or would be created
      type: str
      sample: acme-sql01
    instance:
      description: Name of the instance.
      returned: when the subclient exists or would be created
      type: str
      sample: ACME-SQL01\PROD
    name:
      description: Name of the subclient.
      returned: when the subclient exists or would be created
      type: str
      sample: sales
    databases:
      description: Names of the databases; of a subclient that covers the rest, those that it covers at this moment.
      returned: when the subclient exists or would be created
      type: list
      elements: str
      sample: [Sales]
    covers_rest:
      description: Whether it covers every database that no other subclient lists.
      returned: when the subclient exists
      type: bool
      sample: false
    plan:
      description: Name of the plan, null if there is none.
      returned: when the subclient exists, or it was given
      type: str
      sample: acme-databases-15min
    description:
      description: Text for people.
      returned: when the subclient exists, or it was given
      type: str
      sample: ""
    backup_enabled:
      description: Whether backups may run.
      returned: when the subclient exists, or it was given
      type: bool
      sample: true
progress:
  description: How far a call came that failed at one of many. Each subclient in the words of the error.
  returned: on failure, unless it failed before the first write
  type: dict
  contains:
    done:
      description: "What is as it was asked for, with its entry in RV(subclients)."
      type: list
      elements: str
      returned: always
      sample: ["acme-sql01 / PROD / sales"]
    failed: {description: What the error is about., type: list, elements: str, returned: always, sample: ["acme-sql01 / PROD / stock"]}
    not_tried: {description: What was left alone., type: list, elements: str, returned: always, sample: []}
"""

from ansible_collections.calligo.baas.plugins.module_utils._commvault.sql import subclient
from ansible_collections.calligo.baas.plugins.module_utils._commvault.wire.session import OPTIONS, connect
from ansible_collections.calligo.baas.plugins.module_utils._core.runner import run_work


def main() -> None:
    run_work(OPTIONS.merge(subclient.OPTIONS), connect, lambda client, context: subclient.bind(client, context.params))


if __name__ == "__main__":
    main()
