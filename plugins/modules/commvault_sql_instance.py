#!/usr/bin/python

# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: commvault_sql_instance
version_added: 0.1.0
short_description: Manage SQL Server instances in Commvault, many in one call
description:
  - Sets how Commvault protects SQL Server instances, registers those that its agent did not discover, and takes them out again.
  - All instances of the list are read and checked before the first is written. A client, plan or credential that does not exist
    therefore leaves nothing half-written.
  - Only what a task gives is compared and changed, and only the differences are sent.
  - It changes nothing in SQL Server itself.
author:
  - Calligo (@calligo)
extends_documentation_fragment:
  - calligo.baas.commvault
  - calligo.baas.attributes
  - calligo.baas.attributes.declarative
  - calligo.baas.attributes.group_commvault
attributes:
  idempotent:
    description: A second run with the same options changes nothing.
    support: partial
    details: With C(update_password=always) the password is sent at every run, because Commvault does not tell which it has.
options:
  instances:
    description: The instances. Give all of a tenant in one call; two requests for each client are all that reading them costs.
    type: list
    elements: dict
    required: true
    suboptions:
      client:
        description: Name of the client, the server with the SQL Server agent. When acting in a company, it must belong to that company.
        type: str
        required: true
      instance:
        description:
          - Name of the instance as SQL Server has it, for instance V(SQL01\\PROD), or V(SQL01) for the default instance.
          - One that Commvault has not discovered is registered. It must be there on the server.
        type: str
        required: true
      plan:
        description: Name of the server plan that protects the databases of the subclients that have no plan of their own.
        type: str
      authentication:
        description:
          - How Commvault logs in to the instance. V(inherited) leaves it to the agent and client above it.
          - V(local_system) uses the local system account, V(account) a user and password that are given here, V(credential) a saved credential.
        type: str
        choices:
          - inherited
          - local_system
          - account
          - credential
      account:
        description: The user, with its domain. Required if C(authentication=account).
        type: str
      account_password:
        description: The password of C(account). Required when the account is set for the first time or changes.
        type: str
      credential:
        description: Name of a saved credential. Required if C(authentication=credential).
        type: str
      update_password:
        description:
          - V(on_create) sends the password when the instance is registered and when the account changes.
          - V(if_refused) also sends it where Commvault says that it cannot use the instance, so that a password that was changed reaches it.
            Where that does not help, or there is no O(instances[].account_password) to send, the task fails with Commvault's reason.
          - V(always) sends it at every run, and reports a change each time.
        type: str
        choices:
          - on_create
          - if_refused
          - always
        default: on_create
      use_vss:
        description: Whether backups go through the Volume Shadow Copy Service instead of SQL Server's virtual device interface.
        type: bool
      vdi_timeout:
        description: Seconds to wait for SQL Server's virtual device interface.
        type: int
      description:
        description: Text for people. An empty text removes it.
        type: str
      backup_enabled:
        description: Whether backups of the instance may run. Running ones are not stopped.
        type: bool
      restore_enabled:
        description: Whether restores from and to the instance may run.
        type: bool
      state:
        description:
          - V(absent) takes the instance out of Commvault, with its subclients. It stays what it is on the server.
          - An instance that has a plan, subclients of its own or backups is refused without C(force), and the error says what would be lost.
        type: str
        choices:
          - present
          - absent
        default: present
      force:
        description: With C(state=absent), take out an instance that is protected, too.
        type: bool
        default: false
seealso:
  - module: calligo.baas.commvault_sql_subclient
  - module: calligo.baas.commvault_sql_database_info
  - module: calligo.baas.commvault_credential
  - module: calligo.baas.commvault_plan
"""

EXAMPLES = r"""
- name: Protect two instances of a server, one of which Commvault did not discover
  calligo.baas.commvault_sql_instance:
    host: https://commvault.example.com
    username: baas-automation
    password: "{{ vault_commvault_password }}"
    company: Acme Sàrl
    instances:
      - client: acme-sql01
        instance: ACME-SQL01\PROD
        plan: acme-databases
        authentication: credential
        credential: acme-sql-login
        vdi_timeout: 600
      - client: acme-sql01
        instance: ACME-SQL01\REPORTS
        plan: acme-databases
        authentication: local_system

- name: Take an instance out of protection, knowing what that means
  calligo.baas.commvault_sql_instance:
    host: https://commvault.example.com
    username: baas-automation
    password: "{{ vault_commvault_password }}"
    company: Acme Sàrl
    instances:
      - client: acme-sql01
        instance: ACME-SQL01\REPORTS
        state: absent
        force: true
"""

RETURN = r"""
instances:
  description:
    - The instances after the task, in the order of the list. In check mode, what they would be. They never hold a password.
    - One that was taken out is shown as it was.
  returned: success, and on failure as far as the call came
  type: list
  elements: dict
  contains:
    changed:
      description: Whether this instance was registered, changed or taken out.
      returned: always
      type: bool
      sample: true
    id:
      description: Id of the instance. Missing in check mode for one that would be registered.
      returned: when the instance exists
      type: int
      sample: 131
    client_id:
      description: Id of its client.
      returned: when the instance exists
      type: int
      sample: 112
    client:
      description: Name of its client.
      returned: when the instance exists or would be registered
      type: str
      sample: acme-sql01
    instance:
      description: Its name.
      returned: when the instance exists or would be registered
      type: str
      sample: ACME-SQL01\PROD
    plan:
      description: Name of its plan, null if there is none.
      returned: when the instance exists, or it was given
      type: str
      sample: acme-databases
    authentication:
      description: How Commvault logs in.
      returned: when the instance exists, or it was given
      type: str
      sample: credential
    account:
      description: The user, if C(authentication) is V(account).
      returned: when the instance exists, or it was given
      type: str
      sample: null
    credential:
      description: Name of the credential, if C(authentication) is V(credential).
      returned: when the instance exists, or it was given
      type: str
      sample: acme-sql-login
    use_vss:
      description: Whether backups go through the Volume Shadow Copy Service.
      returned: when the instance exists, or it was given
      type: bool
      sample: true
    vdi_timeout:
      description: Seconds to wait for the virtual device interface.
      returned: when the instance exists, or it was given
      type: int
      sample: 600
    description:
      description: Text for people.
      returned: when the instance exists, or it was given
      type: str
      sample: ""
    backup_enabled:
      description: Whether backups may run.
      returned: when the instance exists, or it was given
      type: bool
      sample: true
    restore_enabled:
      description: Whether restores may run.
      returned: when the instance exists, or it was given
      type: bool
      sample: true
progress:
  description: How far a call came that failed at one of many. Each instance in the words of the error.
  returned: on failure, unless it failed before the first write
  type: dict
  contains:
    done:
      description: "What is as it was asked for, with its entry in RV(instances)."
      type: list
      elements: str
      returned: always
      sample: ["acme-sql01 / PROD"]
    failed: {description: What the error is about., type: list, elements: str, returned: always, sample: ["acme-sql01 / REPORTS"]}
    not_tried: {description: What was left alone., type: list, elements: str, returned: always, sample: []}
"""

from ansible_collections.calligo.baas.plugins.module_utils._commvault.sql import instance
from ansible_collections.calligo.baas.plugins.module_utils._commvault.wire.session import OPTIONS, connect
from ansible_collections.calligo.baas.plugins.module_utils._core.runner import run_resources


def main() -> None:
    run_resources(OPTIONS.merge(instance.OPTIONS), connect, instance.bind, returned="instances")


if __name__ == "__main__":
    main()
