# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The replies of a bad day, and what a module may make of each: the columns of the matrix of faults.

A cell is a task of a module, one of the calls that it sends, and one of these replies in the place of the server's. What comes of it is:

- *survived*: the module says what it says on a good day, and the server holds what it holds then, each job started once;
- *refused*: one clear error which names the call or the server, the reason and the way out. It never says ``changed: false`` after a
  request that writes was carried out, and the same task, on a good day after it, ends as it should.

- *taken for none*: of 404 alone, with which servers answer a list of which there is nothing
  (tests/unit/plugins/module_utils/_commvault/wire/test_paging.py). Nothing is started twice for it.

Anything else is a defect: a traceback, success with something missing, a second start.
"""

from __future__ import annotations

import dataclasses
import re
import typing as t

from ansible_collections.calligo.baas.plugins.module_utils._commvault.wire import endpoints
from ansible_collections.calligo.baas.plugins.module_utils._commvault.wire.errors import WRAPPERS

Json = dict[str, t.Any]
SURVIVED, REFUSED, NONE = "survived", "refused", "taken for none"
EITHER = frozenset({SURVIVED, REFUSED})
READS, WRITES = "reads", "writes"


@dataclasses.dataclass(frozen=True)
class BadReply:
    """A fault of the simulator, and what may come of it where it hits a call that reads, and one that writes."""

    params: Json
    reads: str | frozenset[str]
    writes: str | frozenset[str]

    def allowed(self, kind: str) -> frozenset[str]:
        found = self.reads if kind == READS else self.writes
        return frozenset({found}) if isinstance(found, str) else found


PAGE = "<html><head><title>{}</title></head><body>nginx</body></html>"
#: A number where a call promises objects, whatever the call is.
ROWS: Json = {key: [7] for promise in endpoints._PROMISES.values() for key in (*promise.keys, *WRAPPERS)}


def refusal(status: int) -> Json:
    return {"status": status, "body": {"errorCode": 5, "errorMessage": "no, says the server"}}


def code(body: Json) -> Json:
    return {"status": 200, "body": body}


#: A reading call may be sent again, so that what passes is survived. One that writes is sent again only where it was not carried out.
REPLIES: dict[str, BadReply] = {
    "401 in mid-run": BadReply({"status": 401, "body": {"errorCode": 5, "errorMessage": "Access denied"}, "times": 1}, SURVIVED, SURVIVED),
    "401 for good": BadReply({"status": 401, "body": {"errorCode": 5, "errorMessage": "Access denied"}}, REFUSED, REFUSED),
    "403": BadReply(refusal(403), REFUSED, REFUSED),
    "404": BadReply(refusal(404), EITHER, EITHER),
    "409": BadReply(refusal(409), REFUSED, REFUSED),
    "429": BadReply({"status": 429, "headers": {"Retry-After": "7"}, "times": 2}, SURVIVED, SURVIVED),
    "500 JSON": BadReply(refusal(500), REFUSED, REFUSED),
    "502 HTML, passing": BadReply({"status": 502, "html": PAGE.format("502 Bad Gateway"), "times": 1}, SURVIVED, EITHER),
    "502 HTML": BadReply({"status": 502, "html": PAGE.format("502 Bad Gateway")}, REFUSED, REFUSED),
    "502 HTML, carried out": BadReply({"status": 502, "html": PAGE.format("502 Bad Gateway"), "after": True, "times": 1}, SURVIVED, EITHER),
    "200 HTML": BadReply({"status": 200, "html": PAGE.format("Sign in")}, REFUSED, REFUSED),
    "200 {}": BadReply(code({}), EITHER, EITHER),
    "200 with errorCode": BadReply(code({"errorCode": 2, "errorMessage": "no, says the server"}), REFUSED, REFUSED),
    "200 with error": BadReply(code({"error": {"errorCode": 2, "errorMessage": "no, says the server"}}), REFUSED, REFUSED),
    "200 with response": BadReply(code({"response": {"errorCode": 2, "errorString": "no, says the server"}}), REFUSED, REFUSED),
    "200 with response[]": BadReply(code({"response": [{"errorCode": 2, "errorString": "no, says the server"}]}), REFUSED, REFUSED),
    "200 with errors[]": BadReply(code({"errors": [{"errorCode": 2, "errorMessage": "no, says the server"}]}), REFUSED, REFUSED),
    "cut JSON": BadReply({"status": 200, "text": '{"plans": [{"plan": {"id": 1, "na'}, REFUSED, REFUSED),
    "rows of the wrong type": BadReply(code(ROWS), REFUSED, EITHER),
    "reset": BadReply({"reset": True, "times": 1}, SURVIVED, EITHER),
    "reset, carried out": BadReply({"reset": True, "after": True, "times": 1}, SURVIVED, EITHER),
    "endless": BadReply({"stream": "endless"}, REFUSED, REFUSED),
    "drip": BadReply({"stream": "drip"}, REFUSED, REFUSED),
    "redirect to http": BadReply({"status": 307, "text": "", "headers": {"Location": "http://127.0.0.1:9/api"}}, REFUSED, REFUSED),
    "redirect to another host": BadReply({"status": 302, "text": "", "headers": {"Location": "https://localhost:9/api"}}, REFUSED, REFUSED),
}


@dataclasses.dataclass(frozen=True)
class Deviation:
    """Cells in which something else may come than the rule says: patterns of module, call and reply, what then, and why."""

    module: str
    call: str
    reply: str
    allowed: frozenset[str]
    reason: str

    def meets(self, module: str, call: str, reply: str) -> bool:
        return all(re.fullmatch(pattern, text) for pattern, text in ((self.module, module), (self.call, call), (self.reply, reply)))


DEVIATIONS: tuple[Deviation, ...] = (
    Deviation(
        "commvault_(protection|residency)_info",
        "GET .*",
        ".*",
        EITHER,
        "a report of many tenants goes on, calls itself incomplete and names what could not be read",
    ),
)


def allowed(module: str, call: str, kind: str, reply: str) -> frozenset[str]:
    """What may come of a cell."""
    found = [one for one in DEVIATIONS if one.meets(module, call, reply)]
    return frozenset().union(*(one.allowed for one in found)) if found else REPLIES[reply].allowed(kind)
