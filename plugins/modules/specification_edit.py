#!/usr/bin/python
# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: specification_edit
version_added: 0.1.0
short_description: Change a tenant's specification in the inventory
description:
  - Changes what the inventory says of a tenant, in the files of C(host_vars) that are the tenant's own, and commits it where they lie in a git
    checkout. Only the lines that are meant change; comments, order, quotes, anchors and line ends stay.
  - What an anchor or a merge shares with other places is refused instead of changed there, too. Nothing that a symbolic link leads to is read
    or written.
  - Where the change cannot be made so that it stays, it is left as a patch, and RV(edit.done) is false.
  - A run that was killed is ended by the next one. Files that somebody else has changed and not committed are refused.
author:
  - Calligo (@calligo)
options:
  path:
    description:
      - The tenant's directory of variables, or its one file without its ending, such as C(host_vars/acme), with its whole path.
    type: path
    required: true
  retention:
    description: How long a plan of C(baas_plans) keeps backups.
    type: dict
    suboptions:
      plan: {description: Name of the plan., type: str, required: true}
      destination: {description: Name of the copy; all of the plan's without one., type: str}
      retention_days: {description: "Days, or V(infinite).", type: str, required: true}
  vm:
    description:
      - A VM in a group of C(baas_vm_backup). One that is taken out of a group that takes it by its folder, tags or name is excluded there.
    type: dict
    suboptions:
      group: {description: Name of the VM group., type: str, required: true}
      name: {description: Name of the VM., type: str, required: true}
      state: {description: Whether the group is to have it., type: str, choices: [present, absent], default: present}
      reason: {description: Why the VM needs no backup that can be used; it is among C(backup_exceptions) then., type: str}
  file_server:
    description: A server of C(baas_file_backup).
    type: dict
    suboptions:
      client: {description: Name of the client., type: str, required: true}
      state: {description: Whether the specification is to have it., type: str, choices: [present, absent], default: present}
      definition: {description: "The rest of it, such as C(access) and C(subclients).", type: dict, default: {}}
  sql_instance:
    description: An instance of C(baas_sql_backup). A server without instances goes with the last one.
    type: dict
    suboptions:
      client: {description: Name of the client., type: str, required: true}
      name: {description: Name of the instance., type: str, required: true}
      state: {description: Whether the specification is to have it., type: str, choices: [present, absent], default: present}
      definition: {description: "The rest of it, such as C(plan).", type: dict, default: {}}
  commit_message:
    description: The message of the commit, a line that names the ticket.
    type: str
    required: true
  author_name:
    description: In whose name it is committed.
    type: str
    required: true
  author_email:
    description: The address of O(author_name).
    type: str
    required: true
  remote:
    description: Name of the remote to which is pushed. Where somebody else has pushed before, this is tried once more on top of that.
    type: str
    default: ""
  branch:
    description: The branch of O(remote); that which is checked out if this is empty.
    type: str
    default: ""
  unversioned:
    description: Whether files that lie in no git checkout are written. By default they are not, since a copy of an inventory looks the same.
    type: bool
    default: false
  patch_file:
    description: File for the patch, with its whole path, where the change cannot be made here. Without one there is no patch.
    type: path
    default: ""
extends_documentation_fragment:
  - calligo.baas.attributes
  - calligo.baas.attributes.declarative
requirements:
  - git on the host that runs the module, for files in a checkout
"""

EXAMPLES = r"""
- name: Keep backups of the gold plan for 60 days
  calligo.baas.specification_edit:
    path: "{{ inventory_dir }}/host_vars/acme"
    retention:
      plan: acme-gold
      destination: Primary
      retention_days: 60
    commit_message: "RITM0010042: retention of acme-gold"
    author_name: Service desk
    author_email: servicedesk@example.com

- name: Take a VM out of its group
  calligo.baas.specification_edit:
    path: "{{ inventory_dir }}/host_vars/acme"
    vm:
      group: acme-vms
      name: acme-web-02
      state: absent
    commit_message: "RITM0010043: acme-web-02 is not backed up any more"
    author_name: Service desk
    author_email: servicedesk@example.com
    remote: origin
"""

RETURN = r"""
edit:
  description: What became of the change, or in check mode would.
  returned: success
  type: dict
  contains:
    files: {description: Files that are another now., type: list, elements: str, sample: [/srv/inventory/host_vars/acme/plans.yml]}
    done: {description: Whether the specification is now as asked for., type: bool, sample: true}
    commit: {description: The commit; null where none was made., type: str, sample: 6f35ed1c0ffee6f35ed1c0ffee6f35ed1c0ffee0}
    pushed: {description: Whether it is on the remote., type: bool, sample: false}
    patch: {description: "The file with the change, where it could not be made here; else null.", type: str, sample: null}
    problem: {description: Why it could not be made here; else null., type: str, sample: null}
"""

import contextlib

from ansible_collections.calligo.baas.plugins.module_utils._core.argspec import ArgumentSpec
from ansible_collections.calligo.baas.plugins.module_utils._core.checkout import Author
from ansible_collections.calligo.baas.plugins.module_utils._core.errors import as_input
from ansible_collections.calligo.baas.plugins.module_utils._core.host_files import EditWork, HostFiles, Texts, Wish
from ansible_collections.calligo.baas.plugins.module_utils._core.runner import Context, run_work
from ansible_collections.calligo.baas.plugins.module_utils._service import specification_edit

_NAME = {"type": "str", "required": True}
_STATE = {"type": "str", "choices": ["present", "absent"], "default": "present"}
_DEFINITION = {"type": "dict", "default": {}}
_KINDS = {
    "retention": {"plan": _NAME, "destination": {"type": "str"}, "retention_days": _NAME},
    "vm": {"group": _NAME, "name": _NAME, "state": _STATE, "reason": {"type": "str"}},
    "file_server": {"client": _NAME, "state": _STATE, "definition": _DEFINITION},
    "sql_instance": {"client": _NAME, "name": _NAME, "state": _STATE, "definition": _DEFINITION},
}
SPEC = ArgumentSpec(
    {
        "path": {"type": "path", "required": True},
        **{name: {"type": "dict", "options": options} for name, options in _KINDS.items()},
        "commit_message": {"type": "str", "required": True},
        "author_name": {"type": "str", "required": True},
        "author_email": {"type": "str", "required": True},
        "remote": {"type": "str", "default": ""},
        "branch": {"type": "str", "default": ""},
        "unversioned": {"type": "bool", "default": False},
        "patch_file": {"type": "path", "default": ""},
    },
    {"mutually_exclusive": [tuple(_KINDS)], "required_one_of": [tuple(_KINDS)]},
)


def bind(_session: None, context: Context) -> EditWork:
    params = context.params
    kind = next(name for name in _KINDS if params[name] is not None)
    with as_input():
        specification_edit.require_commit(params)
    author = Author(params["author_name"], params["author_email"])
    wish = Wish(params["commit_message"], author, *(params[name] for name in ("remote", "branch", "unversioned", "patch_file")))
    files = HostFiles(params["path"])

    def decide(texts: Texts) -> Texts:
        with as_input():
            return specification_edit.edited(texts, kind, params[kind], files.own(specification_edit.NEW_FILES[kind]))

    return EditWork(files, wish, context, decide)


def main() -> None:
    run_work(SPEC, lambda context: contextlib.nullcontext(), bind)


if __name__ == "__main__":
    main()
