# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import datetime as dt
import math

import pytest

from ansible_collections.calligo.baas.plugins.module_utils._commvault.plans import data_loss, retention_rules

DAY = 86400
START = int(dt.datetime(2026, 1, 1, 12, tzinfo=dt.UTC).timestamp())


def job(number, day, kind="Full", subclient=5, **more):
    end = START + day * DAY
    names = {"server": {"id": 1}, "subClient": {"id": subclient}}
    return {
        "jobId": number,
        "jobType": kind,
        "startTime": end - 60,
        "endTime": end,
        "sizeOfApplication": 10,
        "dataWritten": 3,
        **names,
        **more,
    }


def lost(rows, days, *extended, after):
    return data_loss.forecast(rows, days, extended, START + after * DAY)["job_ids"]


def test_what_is_past_its_days_ages_out_and_is_summed():
    rows = [job(1, 0), job(2, 10), job(3, 20)]
    assert data_loss.forecast(rows, 15, [], START + 21 * DAY) == {"jobs": 1, "bytes": 10, "media_bytes": 3, "job_ids": [1]}
    assert lost(rows, 11, after=21) == [1, 2]
    assert lost(rows, retention_rules.INFINITE, after=100000) == []


def test_what_a_later_job_of_its_cycle_needs_stays():
    rows = [job(1, 0), job(2, 5, "Incremental"), job(3, 9, "Incremental"), job(4, 10), job(5, 11, "Differential")]
    assert lost(rows, 5, after=12) == []
    assert lost(rows, 5, after=14.5) == [1, 2, 3]
    assert lost(rows, 1, after=12) == [1, 2, 3, 4, 5]


def test_subclients_have_cycles_of_their_own():
    rows = [job(1, 0), job(2, 0, subclient=6), job(3, 9, "Incremental", subclient=6)]
    assert lost(rows, 5, after=10) == [1]


def test_a_chain_whose_full_is_gone_is_a_cycle():
    assert lost([job(2, 0, "Incremental"), job(3, 9)], 5, after=10) == [2]


@pytest.mark.parametrize(
    ("kind", "kept"),
    [
        ("all_fulls", [1, 2, 3, 4, 5]),
        ("daily_fulls", [1, 2, 3, 4, 5]),
        ("hourly_fulls", [1, 2, 3, 4, 5]),
        ("weekly_fulls", [1, 3, 4, 5]),
        ("monthly_fulls", [1, 4, 5]),
        ("quarterly_fulls", [1, 5]),
        ("half_yearly_fulls", [1, 5]),
        ("yearly_fulls", [1]),
    ],
)
def test_of_each_period_the_first_full_stays(kind, kept):
    # Thursday, Friday, the Monday after, February, July
    rows = [job(1, 0), job(2, 1), job(3, 4), job(4, 40), job(5, 190, "Synthetic Full")]
    found = lost(rows, 1, {"type": kind, "retention_days": 1000}, after=300)
    assert sorted({1, 2, 3, 4, 5} - set(found)) == kept


def test_an_extended_rule_keeps_the_full_and_not_what_hangs_on_it():
    rows = [job(1, 0), job(2, 1, "Incremental"), job(3, 8)]
    assert lost(rows, 3, {"type": "monthly_fulls", "retention_days": retention_rules.INFINITE}, after=1000) == [2, 3]


@pytest.mark.parametrize("until", [-1, 2**31 - 1, 2**32 - 1, START + 100 * DAY])
def test_a_retained_job_stays(until):
    rows = [job(1, 0, strRetainedBy="User", retainUntil=until), job(2, 1)]
    assert lost(rows, 3, after=50) == [2]
    assert data_loss.retained_until(rows[0]) == (until if until == START + 100 * DAY else math.inf)
    assert data_loss.retained_until({**rows[0], "strRetainedBy": "Basic Retention"}) is None


def test_the_servers_clock_counts_where_it_is_ahead():
    ahead = dt.datetime.now(dt.UTC).timestamp() + 1000 * DAY
    assert data_loss.now([job(1, 0), {"jobId": 2, "endTime": ahead}]) == ahead
    assert abs(data_loss.now([]) - dt.datetime.now(dt.UTC).timestamp()) < 60


def test_losses_add_up_and_are_spoken_of():
    both = data_loss.total([data_loss.everything([job(1, 0)]), data_loss.everything([job(1, 0), job(2, 0)])])
    assert both == {"jobs": 3, "bytes": 30, "media_bytes": 9, "job_ids": [1, 2]}
    assert data_loss.in_words(both) == "3 jobs with 30 bytes of backed up data would age out"
    assert "does not tell" in data_loss.in_words(None)
