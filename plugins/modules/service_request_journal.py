#!/usr/bin/python
# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: service_request_journal
version_added: 0.1.0
short_description: Note down that a service request begins to change things, and that it has ended
description:
  - Keeps a journal for each tenant, to which entries are only added. What has begun and not ended was interrupted; run again it is ended.
  - While one run carries a request of a tenant out, another one is refused. A run that was killed on this host is known to be over; of one on
    another host nobody can know, so that O(take_over) has to say so.
author:
  - Calligo (@calligo)
options:
  directory:
    description: The directory of the service requests, with its whole path. It has to be there already, and kept.
    type: path
    required: true
  tenant:
    description: The alias of the tenant.
    type: str
    required: true
  request:
    description: What is asked for. Its C(number) tells requests apart.
    type: dict
    required: true
  state:
    description: Whether it begins or has ended.
    type: str
    choices: [begun, ended]
    default: begun
  take_over:
    description: The number of a request that was begun on another host, where its run is over.
    type: str
    default: ""
extends_documentation_fragment:
  - calligo.baas.attributes
  - calligo.baas.attributes.declarative
seealso:
  - module: calligo.baas.service_request_record
"""

EXAMPLES = r"""
- name: Note down that it begins
  calligo.baas.service_request_journal:
    directory: /var/lib/baas/requests
    tenant: acme
    request:
      number: RITM0010042
      plan: acme-gold
"""

RETURN = r"""
journal:
  description: The request that has begun and not ended, or null.
  returned: success
  type: dict
  sample: {open: {number: RITM0010042, plan: acme-gold}}
"""

import contextlib
import datetime
import re
import typing as t

from ansible_collections.calligo.baas.plugins.module_utils._core import processes
from ansible_collections.calligo.baas.plugins.module_utils._core.argspec import ArgumentSpec
from ansible_collections.calligo.baas.plugins.module_utils._core.errors import InputError, as_input
from ansible_collections.calligo.baas.plugins.module_utils._core.records import RecordFiles, RecordWork
from ansible_collections.calligo.baas.plugins.module_utils._core.runner import Context, run_work
from ansible_collections.calligo.baas.plugins.module_utils._service import service_request

SPEC = ArgumentSpec(
    {
        "directory": {"type": "path", "required": True},
        "tenant": {"type": "str", "required": True},
        "request": {"type": "dict", "required": True},
        "state": {"type": "str", "choices": ["begun", "ended"], "default": "begun"},
        "take_over": {"type": "str", "default": ""},
    }
)


def bind(files: RecordFiles, context: Context) -> RecordWork[service_request.Log]:
    params = context.params
    number = str(params["request"].get("number") or "")
    if not all(re.fullmatch(service_request.NUMBER, name) for name in (params["tenant"], number)):
        raise InputError("tenant and the number of the request are of letters, digits, dots, dashes and underscores, at most 64.")
    now = datetime.datetime.now(datetime.UTC)

    def decide(log: service_request.Log | None, _logs: t.Iterable[service_request.Log]) -> service_request.Log:
        last = service_request.unfinished(log or [])
        taken = last is not None and params["take_over"] == last["request"]
        alive: t.Callable[[str], bool | None] = (lambda _one: False) if taken else processes.alive
        with as_input():
            return service_request.journalled(log, params["state"], params["request"], processes.holder(), alive, now)

    def tell(log: service_request.Log) -> dict[str, t.Any]:
        last = service_request.unfinished(log)
        return {"open": last and last["asked"]}

    return RecordWork(files, f"{params['tenant']}.journal", service_request.parsed, service_request.written, decide, tell, "journal")


def connect(context: Context) -> contextlib.AbstractContextManager[RecordFiles]:
    pattern = rf"{service_request.NUMBER}\.journal"
    return contextlib.nullcontext(RecordFiles(context.params["directory"], "service requests", pattern, context))


def main() -> None:
    run_work(SPEC, connect, bind)


if __name__ == "__main__":
    main()
