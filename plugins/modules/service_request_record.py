#!/usr/bin/python
# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: service_request_record
version_added: 0.1.0
short_description: Record that a service request was received, until when it is due, and when it was done
description:
  - Keeps a record of each request, to which entries are only added. It tells until when the request is due, in business hours, and whether that
    was met.
  - Counts the requests of a tenant. One over what is included is refused unless O(approval) names what allows it; of two at the same moment
    one is.
author:
  - Calligo (@calligo)
options:
  directory:
    description:
      - The directory of the records, with its whole path. It has to be there already; one that is only not mounted must not be taken for one
        without requests.
      - No part of it may be a symbolic link.
    type: path
    required: true
  tenant:
    description: The alias of the tenant who asks.
    type: str
    required: true
  request:
    description: The number of the request, such as that of its ticket, of letters, digits, dots, dashes and underscores; at most 64 characters.
    type: str
    required: true
  service:
    description: What is asked for, as O(catalogue) names it.
    type: str
    required: true
  state:
    description:
      - V(received) records a request that is new, and leaves one that was received before as it is.
      - V(done) and V(refused) record how it ended. One that is refused does not count. What failed has not ended, and is still due.
    type: str
    choices: [received, done, refused]
    default: received
  time:
    description: When it was received, done or refused, in UTC, such as V(2026-11-24T09:30:00Z). Now if this is not given.
    type: str
  approval:
    description: What allows a request over what is included, such as the number of a change or the address and day of an e-mail.
    type: str
    default: ""
  calendar:
    description: The business calendar of the tenant's region.
    type: dict
    required: true
    suboptions:
      zone:
        description: The time zone of its clocks, by its IANA name, such as V(Europe/Luxembourg).
        type: str
        required: true
      hours:
        description:
          - By weekday, from V(monday) to V(sunday), when the desk is open, as a list of spans such as V(08:00-12:30). A day that is left out is
            closed.
          - A business hour is an hour in which the desk is open, so that 24 of them are three days at a desk that is open for 8 hours a day.
        type: dict
        required: true
      holidays:
        description: Whose public holidays are closed. None if this is not given.
        type: dict
        suboptions:
          country:
            description: ISO 3166-1 alpha-2, such as V(LU).
            type: str
            required: true
          subdivision:
            description: The part of ISO 3166-2 after the country, such as V(BY) for Bavaria in V(DE).
            type: str
      days:
        description:
          - By date, such as V("2026-12-24"), the spans of days that are different, be they holidays or weekends; empty for closed.
          - A date is written in quotes, since a key of a dictionary has to be a text.
        type: dict
        default: {}
  catalogue:
    description:
      - What is promised and included.
      - As the service description says if this is not given; 24 business hours to add or remove a system, one a week, and to change a
        retention, one a month; 8 business hours for restores, as many as are required.
    type: list
    elements: dict
    suboptions:
      services:
        description: Services that are counted together.
        type: list
        elements: str
        required: true
      hours:
        description: Within how many business hours.
        type: float
        required: true
      included:
        description: How many are included. As many as are required if this is not given.
        type: int
      per:
        description: In what, on the clocks of the region. Weeks are those of ISO 8601.
        type: str
        choices: [week, month]
        default: month
extends_documentation_fragment:
  - calligo.baas.attributes
  - calligo.baas.attributes.declarative
requirements:
  - holidays (Python library) on the host that runs the module, for O(calendar.holidays)
"""

EXAMPLES = r"""
- name: Record a request that came in
  calligo.baas.service_request_record:
    directory: /var/lib/baas/requests
    tenant: acme
    request: RITM0010042
    service: add_system
    time: "2026-11-24T09:30:00Z"
    calendar:
      zone: Europe/Luxembourg
      hours:
        monday: ["08:00-18:00"]
        tuesday: ["08:00-18:00"]
        wednesday: ["08:00-18:00"]
        thursday: ["08:00-18:00"]
        friday: ["08:00-17:00"]
      holidays:
        country: LU
      days:
        "2026-12-24": ["08:00-12:00"]
        "2026-12-31": []
"""

RETURN = r"""
request:
  description: The request as it is now, or in check mode as it would be.
  returned: success
  type: dict
  contains:
    tenant:
      description: The alias of the tenant.
      type: str
      sample: acme
    request:
      description: Its number.
      type: str
      sample: RITM0010042
    service:
      description: What is asked for.
      type: str
      sample: add_system
    state:
      description: V(received), V(done) or V(refused).
      type: str
      sample: received
    received:
      description: When it was received, in UTC.
      type: str
      sample: "2026-11-24T09:30:00Z"
    due:
      description: Until when it is due, in UTC.
      type: str
      sample: "2026-11-26T13:30:00Z"
    ended:
      description: When it was done or refused, in UTC; null where it is not.
      type: str
      sample: null
    promise:
      description: V(met) or V(missed), V(open) while it is neither done nor overdue, V(refused).
      type: str
      sample: open
    approval:
      description: What allows it over what is included, or null.
      type: str
      sample: null
    included:
      description: How many are included in RV(request.period), or null.
      type: int
      sample: 1
    period:
      description: The week or month in which it is counted, or null.
      type: str
      sample: 2026-W48
    used:
      description: Which one it is in RV(request.period), counted from 1, or null.
      type: int
      sample: 1
"""

import contextlib
import datetime
import re
import typing as t

from ansible_collections.calligo.baas.plugins.module_utils._core.argspec import ArgumentSpec
from ansible_collections.calligo.baas.plugins.module_utils._core.errors import InputError, as_input
from ansible_collections.calligo.baas.plugins.module_utils._core.records import RecordFiles, RecordWork
from ansible_collections.calligo.baas.plugins.module_utils._core.runner import Context, run_work
from ansible_collections.calligo.baas.plugins.module_utils._service import calendar, requests

_HOLIDAYS = {"country": {"type": "str", "required": True}, "subdivision": {"type": "str"}}
_CALENDAR = {
    "zone": {"type": "str", "required": True},
    "hours": {"type": "dict", "required": True},
    "holidays": {"type": "dict", "options": _HOLIDAYS},
    "days": {"type": "dict", "default": {}},
}
_TERMS = {
    "services": {"type": "list", "elements": "str", "required": True},
    "hours": {"type": "float", "required": True},
    "included": {"type": "int"},
    "per": {"type": "str", "choices": ["week", "month"], "default": "month"},
}
SPEC = ArgumentSpec(
    {
        "directory": {"type": "path", "required": True},
        "tenant": {"type": "str", "required": True},
        "request": {"type": "str", "required": True},
        "service": {"type": "str", "required": True},
        "state": {"type": "str", "choices": ["received", *requests.ENDS], "default": "received"},
        "time": {"type": "str"},
        "approval": {"type": "str", "default": ""},
        "calendar": {"type": "dict", "required": True, "options": _CALENDAR},
        "catalogue": {"type": "list", "elements": "dict", "options": _TERMS},
    }
)
NAME = r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}"


def bind(files: RecordFiles, context: Context) -> RecordWork[requests.Log]:
    params = context.params
    if not all(re.fullmatch(NAME, params[name]) for name in ("tenant", "request")) or not params["approval"].isprintable():
        raise InputError("tenant and request are of letters, digits, dots, dashes and underscores, at most 64; approval is a line of text.")
    now = datetime.datetime.now(datetime.UTC).replace(microsecond=0)
    with as_input():
        time = requests.moment(params["time"]) if params["time"] else now
        within = calendar.calendar({name: value for name, value in params["calendar"].items() if value is not None})
    asked = requests.Asked(params["tenant"], params["request"], params["service"], params["state"], time, params["approval"])
    catalogue = params["catalogue"] or requests.CATALOGUE

    def decide(log: requests.Log | None, logs: t.Iterable[requests.Log]) -> requests.Log:
        with as_input():
            return requests.recorded(asked, log, logs, within, catalogue)

    name = f"{asked.request}.jsonl"
    return RecordWork(files, name, requests.parsed, requests.written, decide, lambda log: requests.told(log, now), "request")


def connect(context: Context) -> contextlib.AbstractContextManager[RecordFiles]:
    return contextlib.nullcontext(RecordFiles(context.params["directory"], "service requests", rf"{NAME}\.jsonl", context))


def main() -> None:
    run_work(SPEC, connect, bind)


if __name__ == "__main__":
    main()
