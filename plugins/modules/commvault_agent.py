#!/usr/bin/python

# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: commvault_agent
version_added: 0.1.0
short_description: Install Commvault agents on hosts, take them off, and retire clients
description:
  - Installs agents on hosts over the network, with an account of the host, and waits until they are there.
  - Commvault would install again what is installed already. This module looks first, and starts a job only for what is missing.
  - All hosts are looked at before the first job is started, and the jobs of all are waited for together.
author:
  - Calligo (@calligo)
extends_documentation_fragment:
  - calligo.baas.commvault
  - calligo.baas.commvault_job
  - calligo.baas.attributes
  - calligo.baas.attributes.declarative
  - calligo.baas.attributes.group_commvault
options:
  agents:
    description:
      - The hosts and their agents, one element for each host. Inside a company, what is installed belongs to it.
      - Nothing is installed on a host that another company has as a client.
    type: list
    elements: dict
    required: true
    suboptions:
      client:
        description: Name of the client in Commvault. After an installation it is the host's own short name, unless Commvault was told otherwise.
        type: str
        required: true
      host:
        description:
          - Name or address under which Commvault reaches the host. By default the same as O(agents[].client).
          - A client that has this host name is taken for the one that is meant, too.
        type: str
      types:
        description:
          - The agents. Others that are on the host are left alone.
          - Required unless O(agents[].state=retired).
        type: list
        elements: str
        choices:
          - file_system
          - sql_server
          - virtual_server
      system:
        description: The host's operating system.
        type: str
        choices:
          - windows
          - unix
        default: windows
      host_username:
        description: A user who may install software on the host. Only needed if there is something to install.
        type: str
      host_password:
        description: The password of O(agents[].host_username). It is sent with the request to install, and is in no result.
        type: str
      plan:
        description: Name of a plan for what comes with an agent, such as its default subclient. Only used when something is installed.
        type: str
      reboot:
        description: Whether the host may be restarted, if the installation needs that. It is never restarted unless this is given.
        type: bool
        default: false
      allow_removal:
        description:
          - Confirms O(agents[].state=absent) and O(agents[].state=retired), which cannot be undone.
          - Without it they fail, in check mode too, and the error says how many backups there are that would have no successors.
        type: bool
        default: false
      state:
        description:
          - V(present) installs the agents that are missing.
          - V(absent) takes these agents off the host. Their backups are kept until they age out.
          - V(retired) takes all of Commvault's software off, and releases the licence. With backups, the client stays in Commvault as a
            deconfigured one until they have aged out, so that they can be restored elsewhere; without any, it is gone.
        type: str
        choices:
          - present
          - absent
          - retired
        default: present
seealso:
  - module: calligo.baas.commvault_server_info
  - module: calligo.baas.commvault_activity
"""

EXAMPLES = r"""
- name: Install the agents of a tenant's servers
  calligo.baas.commvault_agent:
    host: cv.example.com
    username: backup-automation
    password: "{{ commvault_password }}"
    company: Acme Sàrl
    agents:
      - client: acme-fs02
        host: acme-fs02.example.com
        types: [file_system]
        host_username: ACME\svc-install
        host_password: "{{ acme_install_password }}"
        plan: acme-gold
      - client: acme-sql02
        host: acme-sql02.example.com
        types: [file_system, sql_server]
        host_username: ACME\svc-install
        host_password: "{{ acme_install_password }}"

- name: Retire a server for good
  calligo.baas.commvault_agent:
    host: cv.example.com
    username: backup-automation
    password: "{{ commvault_password }}"
    company: Acme Sàrl
    agents:
      - client: acme-fs01
        state: retired
        allow_removal: true
"""

RETURN = r"""
agents:
  description:
    - One entry for each of O(agents), in their order, with the client as it is now, or in check mode as it would be.
    - After a failure, those of RV(progress.done), with the jobs that were started.
  returned: success, and on failure as far as RV(progress) tells
  type: list
  elements: dict
  sample:
    - client: acme-fs02
      id: 231
      host: acme-fs02.example.com
      types: [file_system]
      ready: true
      version: 11.44.1
      company: Acme Sàrl
      state: present
      jobs: []
      changed: true
  contains:
    client: {description: Name of the client., type: str, returned: always}
    id: {description: Its id., type: int, returned: if it exists}
    host: {description: Its host name., type: str, returned: if it exists}
    types: {description: "The agents on it, of those that O(agents[].types) can name.", type: list, elements: str, returned: always}
    ready: {description: Whether Commvault reaches it., type: bool, returned: if it exists}
    version: {description: Version of its software., type: str, returned: if it exists}
    company: {description: The company that it belongs to; null for the provider., type: str, returned: if it exists}
    kept:
      description: The backups that there are of what was removed, which can be restored until they age out.
      returned: if something is removed
      type: dict
      contains:
        backups: {description: How many., type: int, returned: always}
        bytes: {description: Their size at the source., type: int, returned: always}
        newest: {description: "When the newest ended, in UTC.", type: str, returned: always}
    state: {description: As given., type: str, returned: always}
    jobs:
      description: The jobs that were started, as M(calligo.baas.commvault_job_info) shows them. Without O(wait), their numbers alone are known.
      type: list
      elements: dict
      returned: always
    changed: {description: Whether anything was installed or removed., type: bool, returned: always}
progress:
  description: How far a call came that failed after its first job was started, or while it waited. Each by its C(client).
  returned: on failure, unless nothing was started
  type: dict
  contains:
    done: {description: "What was started, with its entry in RV(agents).", type: list, elements: str, returned: always, sample: [acme-fs02]}
    failed: {description: What could not be started., type: list, elements: str, returned: always, sample: [acme-sql02]}
    not_tried: {description: What was left alone., type: list, elements: str, returned: always, sample: []}
"""

from ansible_collections.calligo.baas.plugins.module_utils._commvault.servers import agent
from ansible_collections.calligo.baas.plugins.module_utils._commvault.wire.session import OPTIONS, connect
from ansible_collections.calligo.baas.plugins.module_utils._core.runner import run_work


def main() -> None:
    run_work(OPTIONS.merge(agent.OPTIONS), connect, lambda client, context: agent.AgentWork(client, context.params))


if __name__ == "__main__":
    main()
