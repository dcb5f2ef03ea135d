# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The dialects of hypervisors and VM groups. They serve no endpoint; like those that do, this file is found by itself."""

from __future__ import annotations

import copy
import re
import typing as t

from commvaultsim.wire.dialects import Said, dialect, each_object
from commvaultsim.wire.routing import match

Json = dict[str, t.Any]


@dialect("the key of the access nodes is spelled right")
def access_nodes_spelled(said: Said) -> Said:
    return said.but({"accessNodes": said.body.pop("accesNodes"), **said.body}) if "accesNodes" in said.body else said


@dialect("PUT of a hypervisor or VM group answers what GET would")
def put_shows_object(said: Said) -> Said:
    done = said.status == 200 and not re.search(r"'errorCode': (?!0\b)", str(said.body))
    if said.call not in ("PUT /V4/Hypervisor/{id:int}", "PUT /V4/VmGroup/{id:int}") or not done:
        return said
    hit = match("GET", said.request.path)
    return said.but(copy.deepcopy(hit[0].handler(said.sim, said.request))) if hit else said


@dialect("content and filters of a VM group are read as single objects")
def vmgroup_content_object(said: Said) -> Said:
    if said.call != "GET /V4/VmGroup/{id:int}":
        return said
    return said.but(
        {key: value[0] if key in ("content", "filters", "diskFilters") and value else value for key, value in said.body.items()}
    )


@dialect("the settings of a VM group do not show the credentials of its guests")
def vmgroup_guest_login_untold(said: Said) -> Said:
    if said.call != "GET /V4/VmGroup/{id:int}" or "settings" not in said.body:
        return said
    return said.but({**said.body, "settings": {key: value for key, value in said.body["settings"].items() if key != "guestCredentials"}})


@dialect("the saved credential of a VM group's guests is read with its id alone")
def vmgroup_guest_login_nameless(said: Said) -> Said:
    if said.call != "GET /V4/VmGroup/{id:int}":
        return said

    def nameless(row: Json) -> Json:
        return {**row, "savedCredentials": {"id": row["savedCredentials"]["id"]}} if "savedCredentials" in row else row

    return said.but(each_object(said.body, nameless))


@dialect("the rules of a VM group's disk filters have their text in value alone")
def vmgroup_disk_filter_value(said: Said) -> Said:
    if said.call != "GET /V4/VmGroup/{id:int}":
        return said
    return said.but(each_object(said.body, lambda row: {**row, "name": ""} if "filterType" in row else row))
