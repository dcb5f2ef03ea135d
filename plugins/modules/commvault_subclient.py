#!/usr/bin/python

# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: commvault_subclient
version_added: 0.1.0
short_description: Manage file system subclients in Commvault, many in one call
description:
  - Creates, changes and deletes subclients of file system agents, which say what is backed up on a server.
  - All subclients of the list are read and checked before the first is written. A client, backup set or plan that does not
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
        description: Name of the client, the server with the file system agent. When acting in a company, it must belong to that company.
        type: str
        required: true
      backupset:
        description: Name of the backup set. It must exist.
        type: str
        default: defaultBackupSet
      name:
        description:
          - Name of the subclient. Commvault does not distinguish names by case.
          - V(default) means the default subclient of the backup set, even if it was renamed. Every backup set has one.
        type: str
        required: true
      content:
        description:
          - Paths to back up. Required for a subclient that does not exist yet; it cannot be emptied.
          - On Windows a path begins with a drive or is a share, as in V(D:\\Data), and has backslashes; V(\\) is the whole machine. On Linux it
            begins with V(/). Anything else is refused, since Commvault takes it and backs up nothing.
          - Case and a backslash at the end do not matter when paths of Windows are compared. They are written as they are given.
          - The list is the whole content. Content that the subclient took from its plan is replaced by it.
        type: list
        elements: str
      filters:
        description:
          - Paths and wildcards to leave out, for instance V(**\\Pagefile.sys). An empty list removes all filters.
          - V(*) stands for characters within one level of the path, V(**) for any number of levels.
          - A subclient that took its content from its plan gets a copy of it when filters or exceptions are changed, since it
            cannot have only part of its own.
        type: list
        elements: str
      exceptions:
        description: Paths to back up although a filter covers them. An empty list removes all exceptions.
        type: list
        elements: str
      plan:
        description: Name of the server plan that protects the subclient. Content of its own stays what it is when the plan changes.
        type: str
      vss:
        description:
          - What is read from a Volume Shadow Copy, on Windows only.
          - V(locked_files) reads files that are open from it, V(all_files) reads everything from it, as of one moment.
        type: str
        choices:
          - "off"
          - locked_files
          - all_files
      description:
        description: Text for people. An empty text removes it.
        type: str
      backup_enabled:
        description: Whether backups of the subclient may run. Running ones are not stopped.
        type: bool
      state:
        description:
          - V(absent) deletes the subclient. Backups made from it are kept as long as their retention says.
          - The default subclient of a backup set cannot be deleted.
        type: str
        choices:
          - present
          - absent
        default: present
  missing_content:
    description:
      - What to do where O(subclients[].content) that is new names something that is not on the client. Commvault takes any path, and backs
        up nothing where no file has it.
      - The client itself is asked, through Commvault. Where it does not answer, and for shares and names such as V(%Documents%), it is not
        known, which is a warning. What follows a wildcard is not looked for.
      - Content that a subclient has already is not looked for again.
    type: str
    choices:
      - refuse
      - warn
    default: refuse
seealso:
  - module: calligo.baas.commvault_plan
  - module: calligo.baas.commvault_backup
  - module: calligo.baas.commvault_browse_info
"""

EXAMPLES = r"""
- name: Back up the data drives of a server
  calligo.baas.commvault_subclient:
    host: https://commvault.example.com
    username: baas-automation
    password: "{{ vault_commvault_password }}"
    company: Acme Sàrl
    subclients:
      - client: acme-fs01
        name: data
        plan: acme-files
        content:
          - D:\Data
          - E:\Shares
        filters:
          - '**\Winsxs\'
          - '**\Pagefile.sys'
          - '**\SoftwareDistribution*'
          - '**\*.tmp'
        exceptions:
          - D:\Data\Projects\keep.tmp
        vss: locked_files
      - client: acme-fs01
        name: default
        backup_enabled: false

- name: Remove a subclient
  calligo.baas.commvault_subclient:
    host: https://commvault.example.com
    username: baas-automation
    password: "{{ vault_commvault_password }}"
    company: Acme Sàrl
    subclients:
      - client: acme-fs01
        name: scratch
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
      sample: acme-fs01
    backupset:
      description: Name of the backup set.
      returned: when the subclient exists or would be created
      type: str
      sample: defaultBackupSet
    name:
      description: Name of the subclient.
      returned: when the subclient exists or would be created
      type: str
      sample: data
    content:
      description: Paths that are backed up; those of the plan, if the subclient has none of its own.
      returned: when the subclient exists or would be created
      type: list
      elements: str
      sample: ['D:\Data', 'E:\Shares']
    filters:
      description: Paths and wildcards that are left out.
      returned: when the subclient exists, or they were given
      type: list
      elements: str
      sample: ['**\Pagefile.sys']
    exceptions:
      description: Paths that are backed up although a filter covers them.
      returned: when the subclient exists, or they were given
      type: list
      elements: str
      sample: []
    plan:
      description: Name of the plan, null if there is none.
      returned: when the subclient exists, or it was given
      type: str
      sample: acme-files
    vss:
      description: What is read from a Volume Shadow Copy; null on Linux.
      returned: when the subclient exists, or it was given
      type: str
      sample: locked_files
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
      sample: ["acme-fs01 / defaultBackupSet / data"]
    failed: {description: What the error is about., type: list, elements: str, returned: always, sample: ["acme-fs01 / defaultBackupSet / archive"]}
    not_tried: {description: What was left alone., type: list, elements: str, returned: always, sample: []}
"""

from ansible_collections.calligo.baas.plugins.module_utils._commvault.files import subclient
from ansible_collections.calligo.baas.plugins.module_utils._commvault.wire.session import OPTIONS, connect
from ansible_collections.calligo.baas.plugins.module_utils._core.runner import run_work


def main() -> None:
    run_work(OPTIONS.merge(subclient.OPTIONS), connect, lambda client, context: subclient.bind(client, context.params))


if __name__ == "__main__":
    main()
