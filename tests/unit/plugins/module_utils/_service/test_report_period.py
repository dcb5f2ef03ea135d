# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import datetime

import pytest

from ansible_collections.calligo.baas.plugins.module_utils._service.report_period import last_day


def seconds(text):
    return int(datetime.datetime.fromisoformat(text).timestamp())


@pytest.mark.parametrize(
    ("zone", "end", "hours"),
    [
        ("Europe/Luxembourg", "2026-11-24T06:00:00Z", 24),
        ("Europe/Luxembourg", "2026-03-29T05:00:00Z", 23),
        ("Europe/Luxembourg", "2026-10-25T06:00:00Z", 25),
        # The same moments are ordinary days elsewhere.
        ("UTC", "2026-03-29T05:00:00Z", 24),
        ("America/St_Johns", "2026-10-25T06:00:00Z", 24),
    ],
)
def test_a_day_is_as_long_as_it_is_in_the_region(zone, end, hours):
    period = last_day(zone, seconds(end), 30)
    assert (period.end - period.start) / 3600 == hours


def test_a_job_belongs_to_the_calendar_day_of_the_region():
    period = last_day("Europe/Luxembourg", seconds("2026-10-25T06:00:00Z"), 3)
    assert period.days == ("2026-10-23", "2026-10-24", "2026-10-25")
    days = {text: period.day_of(seconds(text)) for text in ("2026-10-24T21:59:59Z", "2026-10-24T22:00:00Z", "2026-10-25T05:59:59Z")}
    assert list(days.values()) == [1, 2, 2]
    assert period.day_of(seconds("2026-10-22T21:59:59Z")) is None and period.day_of(seconds("2026-10-25T06:00:01Z")) is None


def test_a_zone_that_is_none_is_named():
    with pytest.raises(ValueError, match="Luxemburg"):
        last_day("Europe/Luxemburg", 0, 1)
