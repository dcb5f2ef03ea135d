# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest

from ansible_collections.calligo.baas.plugins.module_utils._commvault.wire.writes import create_once, require_gone
from ansible_collections.calligo.baas.plugins.module_utils._core.errors import ApiError, ConnectionFailed


def failing(error, calls):
    def create():
        calls.append(1)
        raise error

    return create


@pytest.mark.parametrize("error", [ConnectionFailed("broke", sent=True), ApiError("gateway", status=502), ApiError("gateway", status=504)])
def test_an_unknown_outcome_is_looked_at_and_the_call_never_repeated(error):
    calls: list[int] = []
    assert create_once(failing(error, calls), lambda: 7) == 7
    with pytest.raises(type(error)):
        create_once(failing(error, calls), lambda: None)
    assert len(calls) == 2


@pytest.mark.parametrize(
    "error", [ConnectionFailed("refused", sent=False), ApiError("name is taken", status=400), ApiError("no", status=200)]
)
def test_a_known_failure_is_a_failure_whatever_is_to_be_seen(error):
    with pytest.raises(type(error)):
        create_once(failing(error, []), lambda: 7)


def test_a_success_is_not_looked_behind():
    assert create_once(lambda: 5, lambda: pytest.fail("looked")) == 5


def test_what_is_still_there_after_its_deletion_waits_for_approval():
    require_gone("plan", "gold", False)
    with pytest.raises(ApiError, match=r'deletion of the plan "gold".*waits for approval'):
        require_gone("plan", "gold", True)
