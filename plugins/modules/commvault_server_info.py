#!/usr/bin/python

# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: commvault_server_info
version_added: 0.1.0
short_description: Look at the servers in Commvault, with their agents
description:
  - Tells for each server its agents, company, region, version and whether Commvault reaches it, all with two requests.
  - Inside a company, its own servers. A name that does not exist is a result and not an error.
author:
  - Calligo (@calligo)
extends_documentation_fragment:
  - calligo.baas.commvault
  - calligo.baas.query
  - calligo.baas.attributes.info
  - calligo.baas.attributes.group_commvault
options:
  names:
    description: Only servers of these names.
    type: list
    elements: str
  types:
    description: Only servers that have one of these agents.
    type: list
    elements: str
    choices: [file_system, sql_server, virtual_server]
  shared:
    description: Inside a company, whether to tell what the provider shares too, such as access nodes.
    type: bool
    default: false
  readiness:
    description:
      - Whether to ask each server itself if it is ready. One more request for each, which takes minutes for a server that is down, so raise
        O(read_timeout).
      - RV(servers[].connection) is what Commvault thinks, and costs nothing.
    type: bool
    default: false
seealso:
  - module: calligo.baas.commvault_agent
  - module: calligo.baas.commvault_infrastructure_info
"""

EXAMPLES = r"""
- name: Name the file servers of a tenant that are not ready
  calligo.baas.commvault_server_info:
    host: cv.example.com
    username: backup-automation
    password: "{{ commvault_password }}"
    company: Acme Sàrl
    types: [file_system]
    readiness: true
    read_timeout: 300
  register: known
  failed_when: known.servers | rejectattr('ready') | list
"""

RETURN = r"""
servers:
  description: The servers, in the order of O(names), or by name. O(query) is applied to it.
  returned: success
  type: list
  elements: dict
  contains:
    id: {description: Its id., type: int, sample: 119}
    name: {description: Its name., type: str, sample: acme-fs01}
    display_name: {description: The name under which it is shown., type: str}
    host: {description: Its host name., type: str, sample: acme-fs01.example.com}
    company: {description: The company that it belongs to; null for the provider., type: str, sample: Acme Sàrl}
    region: {description: Its region; null for none., type: str, sample: luxembourg}
    agents: {description: "Its agents, in Commvault's words.", type: list, elements: str, sample: [Windows File System]}
    types: {description: "Its agents, in the words of O(types).", type: list, elements: str, sample: [file_system]}
    os: {description: Its operating system., type: str}
    version: {description: Version of Commvault's software on it., type: str, sample: 11.44.1}
    update_state: {description: "V(up_to_date), V(needs_update), and the like.", type: str}
    connection: {description: "V(online), V(offline), V(unknown) or V(not_applicable).", type: str, sample: online}
    configured: {description: Whether it is in service; false for one that was retired., type: bool}
    infrastructure: {description: Whether it is part of Commvault's infrastructure., type: bool}
    media_agent: {description: Whether it is a media agent., type: bool}
    tags: {description: "Its tags in Commvault, values by names.", type: dict}
    ready: {description: Whether it says that it is ready., returned: if O(readiness=true), type: bool}
    reason: {description: Why it is not ready., returned: if O(readiness=true), type: str}
missing:
  description: Those of O(names) that do not exist, or that this user cannot see.
  returned: success
  type: list
  elements: str
  sample: []
"""

from ansible_collections.calligo.baas.plugins.module_utils._commvault.servers import info as server_info
from ansible_collections.calligo.baas.plugins.module_utils._commvault.wire.session import OPTIONS, connect
from ansible_collections.calligo.baas.plugins.module_utils._core.runner import run


def main() -> None:
    run(OPTIONS.merge(server_info.OPTIONS), connect, lambda client, context: server_info.servers(client, context.params), queried="servers")


if __name__ == "__main__":
    main()
