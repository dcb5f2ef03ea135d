# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The dialects of SQL Server answers. They serve no endpoint; like those that do, this file is found by itself."""

from __future__ import annotations

import typing as t

from commvaultsim.wire.dialects import Said, dialect, each_object

Json = dict[str, t.Any]
OTHER_CASE = {"SqlDatabase": "sqlDatabase", "sqlDatabase": "SqlDatabase", "SqlInstance": "sqlInstance"}
SLA_WORDS = {"MET": "Met SLA", "MISSED": "MISSED_SLA", "EXCLUDED": "EXCLUDED_SLA"}


@dialect("the key of a list of SQL databases or instances is spelled in lower case where it was capital, and the other way round")
def sql_list_keys(said: Said) -> Said:
    if "/sql/" not in said.route.template.lower() or not isinstance(said.body, dict):
        return said
    return said.but({OTHER_CASE.get(key, key): value for key, value in said.body.items()})


@dialect("SQL databases tell their SLA in the words of instances or of reports")
def sql_sla_words(said: Said) -> Said:
    def word(row: Json) -> Json:
        return {**row, "SLAStatus": SLA_WORDS[row["SLAStatus"]]} if row.get("SLAStatus") in SLA_WORDS else row

    return said.but(each_object(said.body, word)) if said.call == "GET /V4/Databases" else said


@dialect("GET /Instance lists identities only, also where all settings are asked for")
def sql_instance_list_brief(said: Said) -> Said:
    if said.call != "GET /Instance" or "instanceProperties" not in said.body:
        return said
    rows = [{key: row[key] for key in ("instance", "isDeleted") if key in row} for row in said.body["instanceProperties"]]
    return said.but({**said.body, "instanceProperties": rows})


@dialect("the configuration of the databases of an instance, whose keys no public source shows, is told in another form")
def sql_configuration_untold(said: Said) -> Said:
    return said.but({"databases": said.body}) if said.route.template.endswith("/DatabaseConfiguration") else said


@dialect("there are no V4 lists of instances and databases")
def sql_v4_absent(said: Said) -> Said:
    if said.call not in ("GET /V4/Instances", "GET /V4/Databases"):
        return said
    return said.but({"errorCode": 404, "errorMessage": "HTTP 404 Not Found"}, 404)
