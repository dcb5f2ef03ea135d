# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from ansible_collections.calligo.baas.plugins.module_utils._commvault.sql import lookup as sql
from ansible_collections.calligo.baas.plugins.module_utils._commvault.wire.lookup import Owner
from ansible_collections.calligo.baas.tests.support.scripted_client import scripted_client

INSTANCE = sql.Instance(31, "SQL01\\PROD", 6, "sql01", Owner())


def row(name="SQL01\\PROD", number=31, application=81, client="sql01", **more):
    entity = {"clientId": 6, "clientName": client, "instanceId": number, "instanceName": name, "applicationId": application}
    return {"instance": entity, **more}


def test_a_server_that_ignores_the_filter_or_collapses_lists():
    rows = [row(), row(application=33, number=1), row(client="sql02", number=32), row(number=33, isDeleted=True)]
    client, _wire, _clock = scripted_client({"instanceProperties": rows}, {"instanceProperties": row()}, {"instanceProperties": []})
    for expected in (1, 1, 0):
        assert len(sql.instances_of(client, "SQL01")) == expected


def test_without_the_configuration_in_the_form_known_the_discovered_databases_count():
    discovered = {"SqlDatabase": [{"dbId": 7, "dbName": "Sales"}]}
    for answer in ({"other": []}, (404, {"errorCode": 404}), {"databaseConfiguration": [{"odd": 1}]}):
        client, _wire, _clock = scripted_client(answer, discovered)
        assert sql.live_databases(client, INSTANCE) == {"sales": sql.Database(7, "Sales")}
