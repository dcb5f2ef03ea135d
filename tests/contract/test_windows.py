# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Blackout windows and the vendor's SDK, both ways. The SDK knows them by the older calls, as operation windows."""

from __future__ import annotations

import pytest
from cvpysdk.operation_window import OperationWindow

from ansible_collections.calligo.baas.tests.contract import sdk
from ansible_collections.calligo.baas.tests.support import tenant
from ansible_collections.calligo.baas.tests.support.modules import Modules
from commvaultsim.sandbox import Sandbox

MODULE = "commvault_blackout_window"
PERIOD = {"days": ["monday", "friday"], "start": "08:00", "end": "18:00"}


@pytest.fixture(scope="module")
def modules(tmp_path_factory):
    with Sandbox(tmp_path_factory.mktemp("windows"), job_seconds=0.5) as sandbox:
        running = Modules(sandbox)
        running("commvault_company", tenant.COMPANY)
        yield running


@pytest.fixture
def commcell(modules):
    session = sdk.login(modules.sandbox)
    modules.sandbox.control("DELETE", "/journal")
    yield session
    assert not sdk.unmodelled(modules.sandbox)
    session.logout()


def says(window):
    """A window in the words of the SDK."""
    return {
        "operations": window.operations,
        "days": window.day_of_week,
        "hours": (window.start_time, window.end_time),
        "weeks": window.week_of_the_month,
    }


@pytest.mark.contract(operation="blackout window", module=MODULE, direction="reads")
@pytest.mark.parametrize("weeks", ["every", "last"])
def test_a_window_of_ours_is_read(modules, commcell, weeks):
    wish = {**tenant.BLACKOUT_WINDOW, "operations": ["full", "synthetic_full"], "periods": [PERIOD], "weeks": [weeks]}
    modules(MODULE, tenant.inside(wish))
    # A company's window is one of a higher level to the company's clients.
    client = commcell.clients.get(tenant.SUBCLIENT["client"])
    assert says(OperationWindow(client).get(name=wish["name"])) == {
        "operations": ["FULL_DATA_MANAGEMENT", "SYNTHETIC_FULL"],
        "days": ["monday", "friday"],
        "hours": (28800, 64800),
        "weeks": ["all" if weeks == "every" else weeks],
    }
    assert wish["name"] not in [row["name"] for row in OperationWindow(commcell.clients.get("cafe-fs01")).list_operation_window()]


@pytest.mark.contract(operation="blackout window", module=MODULE, direction="writes")
def test_a_window_of_the_sdk_is_left_as_it_is(modules, commcell):
    made = OperationWindow(commcell).create_operation_window(
        "Nightly dumps", operations=["FULL_DATA_MANAGEMENT"], day_of_week=["monday", "friday"], start_time=28800, end_time=64800
    )
    wish = {"name": "Nightly dumps", "operations": ["full"], "periods": [PERIOD], "weeks": ["every"], "do_not_submit_job": False}
    result = modules(MODULE, wish)
    assert result["changed"] is False, result["diff"]
    made.modify_operation_window(operations=["FULL_DATA_MANAGEMENT", "NON_FULL_DATA_MANAGEMENT"], start_time=3600)
    changed = {**wish, "operations": ["full", "incremental_and_differential"], "periods": [{**PERIOD, "start": "01:00"}]}
    assert modules(MODULE, changed)["changed"] is False
    OperationWindow(commcell).delete_operation_window(name="Nightly dumps")
    assert modules(MODULE, {"name": "Nightly dumps", "state": "absent"})["changed"] is False


@pytest.mark.contract(operation="blackout window", module=MODULE, direction="writes")
def test_a_window_of_one_client_is_none_of_the_company(modules, commcell):
    client = commcell.clients.get(tenant.SUBCLIENT["client"])
    OperationWindow(client).create_operation_window("One client", operations=["FULL_DATA_MANAGEMENT"], start_time=0, end_time=3600)
    assert modules(MODULE, tenant.inside({"name": "One client", "state": "absent"}))["changed"] is False
    assert "One client" in [row["name"] for row in OperationWindow(client).list_operation_window()]
