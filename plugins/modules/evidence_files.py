#!/usr/bin/python
# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: evidence_files
version_added: 0.1.0
short_description: Write records as JSON files
description:
  - Writes any number of records into a directory, each as a JSON file, in one task. A tenant has a manifest for each of its subclients, and
    M(ansible.builtin.copy) in a loop would take longer than the backups that they are about.
  - A file is replaced in one step, and left alone if it is the same already.
author:
  - Calligo (@calligo)
extends_documentation_fragment:
  - calligo.baas.attributes
  - calligo.baas.attributes.declarative
attributes:
  diff_mode:
    support: none
    description: Records can be long; the result names the files.
options:
  directory:
    description:
      - Where the files go, with its whole path. It is made, readable for its group, if it is not there.
      - It is an error, in check mode too, if it cannot be made or written to, or has less than 64 MiB free.
    type: path
    required: true
  files:
    description: The files; none to see whether files could be written there, before a run starts anything whose outcome has to be kept.
    type: list
    elements: dict
    required: true
    suboptions:
      name:
        description: Name of the file, without a directory. P(calligo.baas.safe_file_name#filter) makes one from any text.
        type: str
        required: true
      content:
        description: The record. Its keys are written in order.
        type: dict
        required: true
  mode:
    description: Permissions of the files.
    type: str
    choices: ["0600", "0640"]
    default: "0640"
seealso:
  - plugin: calligo.baas.manifest_records
    plugin_type: filter
"""

EXAMPLES = r"""
- name: Write the records of backups
  calligo.baas.evidence_files:
    directory: /var/lib/baas/evidence/manifests/acme
    files: "{{ (specification | calligo.baas.manifest_records(known, work, read)).files }}"
"""

RETURN = r"""
files:
  description: The files, in the order of O(files).
  returned: success
  type: list
  elements: dict
  contains:
    path:
      description: Where it is.
      type: str
      returned: success
      sample: /var/lib/baas/evidence/manifests/acme/files-acme-fs01-data-job-1207.json
    size:
      description: Its size in bytes.
      type: int
      returned: success
      sample: 48211
    changed:
      description: Whether it was written now.
      type: bool
      returned: success
      sample: true
"""

import contextlib
import dataclasses
import json
import os
import typing as t

from ansible_collections.calligo.baas.plugins.module_utils._core.argspec import ArgumentSpec
from ansible_collections.calligo.baas.plugins.module_utils._core.errors import InputError
from ansible_collections.calligo.baas.plugins.module_utils._core.output import MODES, require_directory
from ansible_collections.calligo.baas.plugins.module_utils._core.runner import Context, run

_FILE = {"name": {"type": "str", "required": True}, "content": {"type": "dict", "required": True}}
SPEC = ArgumentSpec(
    {
        "directory": {"type": "path", "required": True},
        "files": {"type": "list", "elements": "dict", "required": True, "options": _FILE},
        "mode": {"type": "str", "choices": list(MODES), "default": "0640"},
    }
)


def act(_session: None, context: Context) -> dict[str, t.Any]:
    directory, files = context.params["directory"], context.params["files"]
    require_directory(directory)
    for file in files:
        if file["name"] != os.path.basename(file["name"]) or file["name"] in ("", ".", ".."):
            raise InputError(f'"{file["name"]}" is no name of a file in a directory.')
    written = [
        context.write_file(os.path.join(directory, file["name"]), _text(file["content"]), context.params["mode"], make_directory=True)
        for file in files
    ]
    return {"changed": any(one.changed for one in written), "files": [dataclasses.asdict(one) for one in written]}


def _text(content: dict[str, t.Any]) -> t.Iterator[str]:
    yield json.dumps(content, ensure_ascii=False, indent=4, sort_keys=True) + "\n"


def main() -> None:
    run(SPEC, lambda context: contextlib.nullcontext(), act)


if __name__ == "__main__":
    main()
