# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest

from commvaultsim.wire.timezones import epoch

NOON_UTC = 1717934400  # 2024-06-09 12:00:00


@pytest.mark.parametrize(
    ("text", "zone"),
    [
        ("2024-06-09 12:00:00", ""),
        ("2024-06-09 12:00:00", "UTC"),
        ("2024-06-09 12:00:00", "(UTC) Coordinated Universal Time"),
        ("2024-06-09 14:00:00", "(UTC+01:00) Amsterdam, Berlin, Bern, Rome, Stockholm, Vienna"),
        ("2024-06-09 13:00:00", "(UTC+00:00) Dublin, Edinburgh, Lisbon, London"),
        ("2024-06-09 14:00:00", "Europe/Luxembourg"),
        ("2024-06-09 17:30:00", "(UTC+05:30) Somewhere unlisted"),
        ("2024-06-09 05:00:00", "(UTC-07:00) Arizona"),
    ],
)
def test_a_local_time_in_a_named_zone(text: str, zone: str) -> None:
    assert epoch(text, zone) == NOON_UTC


@pytest.mark.parametrize(
    ("text", "zone"), [("yesterday", ""), ("2024-06-09", ""), ("2024-06-09 12:00:00", "Mars"), ("2024-06-09 12:00:00", "../etc")]
)
def test_what_is_no_time_or_zone(text: str, zone: str) -> None:
    with pytest.raises(ValueError, match="time"):
        epoch(text, zone)
