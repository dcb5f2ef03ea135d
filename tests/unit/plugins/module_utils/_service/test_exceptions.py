# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Exceptions in a specification count until their last day, for all who look at them."""

from __future__ import annotations

import datetime

import pytest

from ansible_collections.calligo.baas.plugins.module_utils._service import population, protection, sql_protection
from ansible_collections.calligo.baas.plugins.module_utils._service.file_protection import subclients
from ansible_collections.calligo.baas.plugins.module_utils._service.protection_figures import Figures, Platform
from ansible_collections.calligo.baas.plugins.module_utils._service.protection_scope import System as Protected
from ansible_collections.calligo.baas.plugins.module_utils._service.protection_scope import scope
from ansible_collections.calligo.baas.plugins.module_utils._service.report_period import last_day

TODAY = datetime.datetime.now().astimezone().date()
VM = {"name": "rdm", "folder": "Acme", "instance_uuid": "u1", "kind": "vm"}


@pytest.mark.parametrize(("until", "counts"), [(None, True), (TODAY.isoformat(), True), (TODAY - datetime.timedelta(days=1), False)])
def test_an_exception_counts_until_its_last_day(until, counts):
    part = {"name": "locked", "plan": "p", "content": ["E:\\"], "backup_exception": "Locked", "backup_exception_until": until}
    files = [{"client": "fs", "subclients": [part]}]
    servers = [{"client": "sql", "instances": [{**part, "name": "PROD"}]}]
    group = {"name": "all", "folders": [""], "backup_exceptions": [{"vm": "rdm", "reason": "Raw", "valid_until": until}]}
    assert bool(protection.required([VM], group, "Acme")) is not counts
    assert bool(subclients(files, [], required=True)) is not counts
    assert bool(sql_protection.targets(servers)) is not counts
    tenant = {"host": "acme", "name": "Acme", "alias": "acme", "file_backup": {"servers": files}, "sql_backup": {"servers": servers}}
    assert bool(population.file_systems([tenant])) is bool(population.sql_systems([tenant])) is not counts
    specification = {**tenant, "vm_backup": {"groups": [group]}}
    assert len(population.excepted(specification)) == (3 if counts else 0)


@pytest.mark.parametrize(("until", "state"), [("", "excepted"), ("2027-01-15", "excepted"), ("2027-01-14", "missed")])
def test_a_report_goes_by_the_day_on_which_its_period_ends(until, state):
    system = Protected("files/a/fs/x", "a", "file", "fs, x", "fs", exception="Locked", exception_until=until)
    figures = Figures([system], last_day("UTC", 1_800_000_000, 5), Platform({"a": 1}, clients={}, vms=[]))
    assert (figures.state(system.id), figures.otherwise(system.id)) == (state, "missed")


def test_an_end_that_is_no_day_is_named():
    part = {"name": "x", "plan": "p", "content": ["E:\\"], "backup_exception": "Locked", "backup_exception_until": "soon"}
    variables = {
        "acme": {
            "baas_tenant": {"name": "Acme", "alias": "acme", "region": "lux"},
            "baas_file_backup": {"servers": [{"client": "fs", "subclients": [part]}]},
        }
    }
    with pytest.raises(ValueError, match="The exception of x ends on 'soon', which is no date"):
        scope(variables, ["acme"])
