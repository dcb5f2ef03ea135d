#!/usr/bin/python
# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: evidence_files
version_added: 0.1.0
short_description: Write records, logs and pages of evidence
description:
  - Writes any number of records into a directory, each as a JSON file, in one task; also logs, and pages for people. A tenant has a manifest
    for each of its subclients, and M(ansible.builtin.copy) in a loop would take longer than the backups that they are about.
  - A file is replaced in one step, and left alone if it is the same already.
  - Nothing is written through a symbolic link, which somebody else may have put there.
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
      - No part of it may be a symbolic link.
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
        description: The record. Its keys are written in order. Exactly one of O(files.content), O(files.lines) and O(files.text) is required.
        type: dict
      lines:
        description: The entries of a log, each of which is written as a line of JSON.
        type: list
        elements: dict
      text:
        description: A text such as a page. Characters that no text has, such as NUL, are written as U+FFFD.
        type: str
  seal:
    description:
      - Name of a seal to write after the files, which ends in C(.sha256). It is what C(sha256sum --check) reads, with a line for each file of
        the directory that no seal there names yet, the seal before it among them, so that each seal holds all that was there before it.
      - Hidden files, and those that end in C(.sha256.asc) or C(.sha256.sig), which are signatures of seals, are left out.
    type: str
  mode:
    description: Permissions of the files.
    type: str
    choices: ["0600", "0640"]
    default: "0640"
seealso:
  - plugin: calligo.baas.manifest
    plugin_type: filter
"""

EXAMPLES = r"""
- name: Write the records of backups
  calligo.baas.evidence_files:
    directory: /var/lib/baas/evidence/manifests/acme
    files: "{{ (specification | calligo.baas.manifest(known, listed, read)).files }}"
"""

RETURN = r"""
files:
  description: The files, in the order of O(files), and the seal.
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
from ansible_collections.calligo.baas.plugins.module_utils._core.output import MODES, Written, require_directory
from ansible_collections.calligo.baas.plugins.module_utils._core.runner import Context, run
from ansible_collections.calligo.baas.plugins.module_utils._service import evidence
from ansible_collections.calligo.baas.plugins.module_utils._service.markup import readable

_FILE = {
    "name": {"type": "str", "required": True},
    "content": {"type": "dict"},
    "lines": {"type": "list", "elements": "dict"},
    "text": {"type": "str"},
}
_ONE = [("content", "lines", "text")]
SPEC = ArgumentSpec(
    {
        "directory": {"type": "path", "required": True},
        "files": {
            "type": "list",
            "elements": "dict",
            "required": True,
            "options": _FILE,
            "mutually_exclusive": _ONE,
            "required_one_of": _ONE,
        },
        "seal": {"type": "str"},
        "mode": {"type": "str", "choices": list(MODES), "default": "0640"},
    }
)


def act(_session: None, context: Context) -> dict[str, t.Any]:
    directory, files, seal = context.params["directory"], context.params["files"], context.params["seal"]
    require_directory(directory)
    _require_names([file["name"] for file in files], seal)
    with contextlib.ExitStack() as alone:
        # Before the first file, so that a run that has to wait for too long has written none.
        there = os.path.isdir(directory)
        if seal is not None and there:
            alone.enter_context(context.locked(directory))
        written = [
            context.write_file(os.path.join(directory, file["name"]), _text(file), context.params["mode"], make_directory=True)
            for file in files
        ]
        if seal is not None and os.path.isdir(directory):  # in check mode it may not be
            if not there:
                alone.enter_context(context.locked(directory))
            written += _seal(context, directory, seal)
    return {"changed": any(one.changed for one in written), "files": [dataclasses.asdict(one) for one in written]}


def _require_names(names: list[str], seal: str | None) -> None:
    for name in [*names, *([] if seal is None else [seal])]:
        if name != os.path.basename(name) or name in ("", ".", ".."):
            raise InputError(f'"{name}" is no name of a file in a directory.')
    if seal is not None and not seal.endswith(evidence.SEAL):
        raise InputError(f'"{seal}" is no name of a seal, which ends in {evidence.SEAL}.')


def _seal(context: Context, directory: str, name: str) -> t.Iterator[Written]:
    """Write a seal, while no other run does: two that did so at once would both follow the same one."""
    text = evidence.seal({other: content for other, content in evidence.read(directory).items() if other != name})
    if text:
        yield context.write_file(os.path.join(directory, name), [text], context.params["mode"])


def _text(file: dict[str, t.Any]) -> t.Iterator[str]:
    if file["content"] is not None:
        yield json.dumps(file["content"], ensure_ascii=False, indent=4, sort_keys=True) + "\n"
    if file["text"] is not None:
        yield readable(file["text"])
    for line in file["lines"] or ():
        yield json.dumps(line, ensure_ascii=False, sort_keys=True) + "\n"


def main() -> None:
    run(SPEC, lambda context: contextlib.nullcontext(), act)


if __name__ == "__main__":
    main()
