# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What servers were seen, or said, to answer differently: one switch for each place where the sources disagree or had to be guessed.

A dialect is set like a fault and changes finished replies, so that no endpoint has to know of it. Dialects that change what the server
does, and not only how it says it, are where it does it. faults.KNOWN lists both kinds; tests/contract/test_dialects.py and its
sibling for SQL Server speak them all.
"""

from __future__ import annotations

import copy
import dataclasses as dc
import re
import typing as t

from commvaultsim.wire import faults
from commvaultsim.wire.routing import Reply, Request, Route

if t.TYPE_CHECKING:
    from commvaultsim.state.simulator import Simulator

Json = dict[str, t.Any]
VERSIONED = re.compile(r"/V\d/")


@dc.dataclass(frozen=True)
class Said:
    """A reply, and what it answers. body: a copy that may be changed."""

    sim: Simulator
    route: Route
    request: Request
    status: int
    body: t.Any

    @property
    def call(self) -> str:
        return f"{self.route.method} {self.route.template}"

    def but(self, body: t.Any, status: int | None = None) -> Said:
        return dc.replace(self, body=body, status=status or self.status)


Voice = t.Callable[[Said], Said]
DIALECTS: dict[str, Voice] = {}


def dialect(text: str) -> t.Callable[[Voice], Voice]:
    """Register a function under its own name. text: what it does, for the list of faults."""

    def register(voice: Voice) -> Voice:
        name = voice.__name__
        DIALECTS[name] = voice
        faults.KNOWN[name] = f"dialect: {text}"
        return voice

    return register


def spoken(sim: Simulator, route: Route, request: Request, reply: Reply) -> Reply:
    """The reply in the dialects that are switched on. The login is left alone: without it there is nothing to try."""
    voices = [voice for name, voice in DIALECTS.items() if sim.faults.peek(name)]
    voices += [_ownerless] if sim.faults.peek("owners_hidden") else []
    voices += [_misowned] if sim.faults.peek("owners_wrong") else []
    if not voices or not route.auth or not isinstance(reply.body, (dict, list)):
        return reply
    said = Said(sim, route, request, reply.status, copy.deepcopy(reply.body))
    for voice in voices:
        said = voice(said)
    return Reply(said.body, said.status, reply.content_type, reply.headers)


def each_object(node: t.Any, change: t.Callable[[Json], Json]) -> t.Any:
    """Every object of a reply changed, from the inside out."""
    if isinstance(node, dict):
        return change({key: each_object(value, change) for key, value in node.items()})
    return [each_object(item, change) for item in node] if isinstance(node, list) else node


def _ownerless(said: Said) -> Said:
    """The fault owners_hidden. No dialect: a client need not do more with such a server than refuse."""
    return said.but(each_object(said.body, lambda row: {key: value for key, value in row.items() if key not in ("company", "entityInfo")}))


def _misowned(said: Said) -> Said:
    """The fault owners_wrong: whatever belongs to a company is said to belong to one that nobody knows."""

    def change(row: Json) -> Json:
        named = {key: row[key] for key in ("company", "entityInfo") if isinstance(row.get(key), dict)}
        return {
            **row,
            **{key: {**value, **{name: STRANGER[name] for name in value.keys() & STRANGER.keys()}} for key, value in named.items()},
        }

    return said.but(each_object(said.body, change))


STRANGER: Json = {"id": 999999, "companyId": 999999, "name": "Nobody Ltd", "companyName": "Nobody Ltd"}


# Everywhere


@dialect("lists with one element collapse to the element in replies of the older calls, which are converted from XML")
def lists_of_one(said: Said) -> Said:
    def collapse(row: Json) -> Json:
        return {key: value[0] if isinstance(value, list) and len(value) == 1 else value for key, value in row.items()}

    return said if VERSIONED.match(said.route.template) else said.but(each_object(said.body, collapse))


@dialect("what is read comes without keys whose value is false, empty text, an empty list or nothing, but for the list that was asked for")
def absent_keys(said: Said) -> Said:
    """Servers leave out what is empty inside objects (the vendor's Go client has such fields everywhere). For the list itself no source
    shows it, and the vendor's SDK takes a reply without it for an error."""

    def prune(row: Json) -> Json:
        return {key: value for key, value in row.items() if value not in (False, "", None, []) or (value == 0 and value is not False)}

    if said.route.writes or not isinstance(said.body, dict):
        return said
    asked_for = {key: value for key, value in said.body.items() if value == []}
    return said.but({**asked_for, **each_object(said.body, prune)})


@dialect("true and false are 1 and 0 in replies of the older calls, which are converted from XML")
def booleans_numbers(said: Said) -> Said:
    def number(row: Json) -> Json:
        return {key: int(value) if isinstance(value, bool) else value for key, value in row.items()}

    return said if VERSIONED.match(said.route.template) else said.but(each_object(said.body, number))


@dialect("error codes are text")
def error_codes_text(said: Said) -> Said:
    return said.but(each_object(said.body, lambda row: {**row, "errorCode": str(row["errorCode"])} if "errorCode" in row else row))


@dialect("error codes of successful writes are the name NO_ERROR")
def error_codes_named(said: Said) -> Said:
    def name(row: Json) -> Json:
        return {**row, "errorCode": "NO_ERROR"} if row.get("errorCode") == 0 else row

    return said.but(each_object(said.body, name))


@dialect("flat error codes of writes are wrapped in an object called error")
def errors_wrapped(said: Said) -> Said:
    flat = isinstance(said.body, dict) and "errorCode" in said.body and set(said.body) <= {"errorCode", "errorMessage"}
    return said.but({"error": said.body}) if flat else said


@dialect("the response of older writes is an object where it was a list, and a list where it was an object")
def response_shapes(said: Said) -> Said:
    answer = said.body.get("response") if isinstance(said.body, dict) and not VERSIONED.match(said.route.template) else None
    if isinstance(answer, list) and len(answer) == 1:
        return said.but({**said.body, "response": answer[0]})
    return said.but({**said.body, "response": [answer]}) if isinstance(answer, dict) else said


@dialect("a write that was done is answered 201")
def writes_201(said: Said) -> Said:
    return said.but(said.body, 201) if said.route.writes and said.status == 200 else said


@dialect("a PUT that was done is answered 200 without a body")
def put_empty(said: Said) -> Said:
    refused = re.search(r"'errorCode': (?!0\b)", str(said.body))
    return said if said.route.method != "PUT" or said.status != 200 or refused else said.but(None)


@dialect("a V4 list with nothing in it is answered 404")
def empty_list_404(said: Said) -> Said:
    lists = [value for value in said.body.values() if isinstance(value, list)] if isinstance(said.body, dict) else []
    is_list = said.route.method == "GET" and VERSIONED.match(said.route.template) and "{" not in said.route.template
    empty = bool(lists) and not any(lists)
    return said.but({"errorCode": 404, "errorMessage": "Requested details not found."}, 404) if is_list and empty else said


@dialect("application 33 is called Windows File System where it was File System, and the other way round")
def app_names(said: Said) -> Said:
    other = {"File System": "Windows File System", "Windows File System": "File System"}
    return said.but(
        each_object(said.body, lambda row: {**row, "appName": other.get(row["appName"], row["appName"])} if "appName" in row else row)
    )


@dialect("lists of regions, access nodes, hypervisors and jobs do not tell to which company a row belongs")
def owners_untold(said: Said) -> Said:
    jobs = ("GET /Job", "GET /Job/{id:int}", "POST /Jobs")
    if said.call not in ("GET /V4/Regions", "GET /V4/AccessNodes", "GET /V4/Hypervisor", *jobs):
        return said
    return said.but(each_object(said.body, lambda row: {key: value for key, value in row.items() if key != "company"}))


@dialect("permissions of a role and tags of a company are an object where there is one, as the vendor's document declares them")
def role_lists_declared(said: Said) -> Said:
    if said.call not in ("GET /V4/Role/{id:int}", "GET /V4/company"):
        return said

    def bare(row: Json) -> Json:
        lists = {key for key in ("permissions", "tags") if isinstance(row.get(key), list) and len(row[key]) == 1}
        return {key: value[0] if key in lists else value for key, value in row.items()}

    return said.but(each_object(said.body, bare))


# Regions


@dialect("the region of an entity has regionId and regionName only")
def region_older_names(said: Said) -> Said:
    return _region(said, lambda number, name: {"regionId": number, "regionName": name})


@dialect("the region of an entity has id and name only")
def region_newer_names(said: Said) -> Said:
    return _region(said, lambda number, name: {"id": number, "name": name})


@dialect("the region of an entity is an object of its own in the list of many")
def region_nested(said: Said) -> Said:
    return _region(said, lambda number, name: {"region": {"id": number, "name": name}}) if said.call == MANY_REGIONS else said


MANY_REGIONS = "GET /V4/entity/region"


def _region(said: Said, write: t.Callable[[int, str], Json]) -> Said:
    def reference(row: Json) -> Json:
        kept = {"entityId": row["entityId"]} if "entityId" in row else {}
        return {**write(row["id"], row["name"]), **kept} if "id" in row else row

    one = said.route.method == "GET" and said.route.template.endswith("/entity/{type}/{id:int}/region")
    return said.but(each_object(said.body, reference)) if one or said.call == MANY_REGIONS else said


# Files


@dialect("GET /Subclient lists identities only, also where all properties are asked for")
def subclient_list_brief(said: Said) -> Said:
    if said.call != "GET /Subclient" or "subClientProperties" not in said.body:
        return said
    shown = ("subClientEntity", "planEntity")
    rows = [
        {key: row[key] for key in shown if key in row}
        | {"commonProperties": {"isDefaultSubclient": row["commonProperties"]["isDefaultSubclient"]}}
        if "isDefaultSubclient" in (row.get("commonProperties") or {})
        else row
        for row in said.body["subClientProperties"]
    ]
    return said.but({**said.body, "subClientProperties": rows})


@dialect("GET /GetId leaves a level that it does not know out, where it would answer a negative id")
def getid_levels_absent(said: Said) -> Said:
    if said.call != "GET /GetId":
        return said
    return said.but({key: value for key, value in said.body.items() if not (isinstance(value, int) and value < 0)})


@dialect("paths of a browse begin with a backslash before the drive")
def browse_leading_backslash(said: Said) -> Said:
    def lead(row: Json) -> Json:
        path = row.get("path")
        return {**row, "path": f"\\{path}"} if isinstance(path, str) and re.match("[A-Za-z]:", path) else row

    return said.but(each_object(said.body, lead)) if said.call == "POST /DoBrowse" else said


@dialect("flags of a browse are the text 1, or missing")
def browse_flags_text(said: Said) -> Said:
    def flags(row: Json) -> Json:
        if not isinstance(row.get("flags"), dict):
            return row
        return {**row, "flags": {key: "1" for key, value in row["flags"].items() if value not in (False, 0, "0")}}

    return said.but(each_object(said.body, flags)) if said.call == "POST /DoBrowse" else said


# Jobs


@dialect("ids of started jobs are numbers")
def job_ids_numbers(said: Said) -> Said:
    return said.but({**said.body, "jobIds": [int(number) for number in said.body["jobIds"]]}) if "jobIds" in said.body else said


@dialect("a backup that was requested is answered with its task alone; the job is to be looked for")
def job_ids_absent(said: Said) -> Said:
    starts = said.route.template.lower().endswith("backup") and said.route.method == "POST"
    return said.but({key: value for key, value in said.body.items() if key != "jobIds"}) if starts else said
