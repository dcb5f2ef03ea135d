# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest

from ansible_collections.calligo.baas.plugins.module_utils._service import sql_protection

SALES = {"name": "sales", "plan": "silver", "databases": ["Sales"], "description": None, "backup_enabled": False}
SERVERS = [
    {"client": "sql01", "instances": [{"name": "SQL01\\PROD", "plan": "gold", "vdi_timeout": 600, "use_vss": None, "subclients": [SALES]}]},
    {"client": "sql02", "instances": [{"name": "SQL02", "plan": "gold", "subclients": None}]},
]
PROD, SQL02 = {"client": "sql01", "instance": "SQL01\\PROD"}, {"client": "sql02", "instance": "SQL02"}


def test_instances_have_only_what_was_given():
    assert sql_protection.protection(SERVERS)["instances"] == [{**PROD, "plan": "gold", "vdi_timeout": 600}, {**SQL02, "plan": "gold"}]


def test_the_default_subclient_gets_the_plan_of_its_instance_and_no_databases():
    assert sql_protection.protection(SERVERS)["subclients"] == [
        {**PROD, "name": "sales", "databases": ["Sales"], "plan": "silver", "backup_enabled": False},
        {**PROD, "name": "default", "plan": "gold"},
        {**SQL02, "name": "default", "plan": "gold"},
    ]


def test_what_is_switched_off_is_not_backed_up():
    assert sql_protection.protection(SERVERS)["targets"] == [{**PROD, "name": "default"}, {**SQL02, "name": "default"}]


def test_the_default_subclient_is_not_named():
    instance = {"name": "SQL02", "plan": "gold", "subclients": [{**SALES, "name": "Default"}]}
    with pytest.raises(ValueError, match="covers what no other lists"):
        sql_protection.protection([{"client": "sql02", "instances": [instance]}])
