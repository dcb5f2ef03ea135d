# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Times as restore requests carry them: ``YYYY-MM-DD HH:MM:SS`` in a zone named the Windows or the IANA way."""

from __future__ import annotations

import datetime as dt
import re
import zoneinfo

DISPLAY_NAME = re.compile(r"\(UTC(?:([+-])(\d{2}):(\d{2}))?\)\s*(.*)")
# The Windows display names that the service's regions and their neighbours use; daylight saving needs the real zone.
CITIES = {
    "Coordinated Universal Time": "UTC",
    "Monrovia, Reykjavik": "Atlantic/Reykjavik",
    "Dublin, Edinburgh, Lisbon, London": "Europe/London",
    "Amsterdam, Berlin, Bern, Rome, Stockholm, Vienna": "Europe/Berlin",
    "Brussels, Copenhagen, Madrid, Paris": "Europe/Paris",
    "Belgrade, Bratislava, Budapest, Ljubljana, Prague": "Europe/Prague",
    "Helsinki, Kyiv, Riga, Sofia, Tallinn, Vilnius": "Europe/Helsinki",
    "Eastern Time (US & Canada)": "America/New_York",
    "Central Time (US & Canada)": "America/Chicago",
    "Pacific Time (US & Canada)": "America/Los_Angeles",
    "Bermuda": "Atlantic/Bermuda",
}


def zone(name: str) -> dt.tzinfo:
    """The zone that a name means; empty is UTC, the CommServe's own.

    :raises ValueError: the name is not known.
    """
    found = DISPLAY_NAME.fullmatch(name.strip())
    if found:
        sign, hours, minutes, cities = found.groups()
        offset = dt.timedelta(hours=int(hours or 0), minutes=int(minutes or 0)) * (-1 if sign == "-" else 1)
        name, fallback = CITIES.get(cities, ""), dt.timezone(offset)
        try:
            return zoneinfo.ZoneInfo(name) if name else fallback
        except zoneinfo.ZoneInfoNotFoundError:
            return fallback
    try:
        return zoneinfo.ZoneInfo(name.strip() or "UTC") if name.strip().upper() not in ("", "UTC") else dt.UTC
    except (zoneinfo.ZoneInfoNotFoundError, ValueError) as error:
        raise ValueError(f"The time zone [{name}] is not known.") from error


def epoch(text: str, zone_name: str = "") -> int:
    """Seconds since 1970 of a local time.

    :raises ValueError: the text is no such time, or the zone is not known.
    """
    here = zone(zone_name)
    try:
        return int(dt.datetime.strptime(text.strip(), "%Y-%m-%d %H:%M:%S").replace(tzinfo=here).timestamp())
    except ValueError as error:
        raise ValueError(f"The time [{text}] is not of the form YYYY-MM-DD HH:MM:SS.") from error
