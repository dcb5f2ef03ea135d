# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection: may change in any release.
"""The public holidays of a country: the only file that imports the library holidays, and that only where a calendar names a country."""

from __future__ import annotations

import datetime
import typing as t


def public_holidays(country: str, subdivision: str | None = None) -> t.Container[datetime.date]:
    """The days that are public holidays, in any year. country: ISO 3166-1 alpha-2, such as LU. subdivision: ISO 3166-2, the part after it.

    Raises ValueError where the library is missing, or does not know the country or its subdivision.
    """
    try:
        import holidays  # noqa: PLC0415 - a calendar without a country needs no library
    except ImportError:
        raise ValueError("The Python library holidays is missing on the control node: install what requirements.txt names.") from None
    try:
        return holidays.country_holidays(country, subdiv=subdivision)
    except NotImplementedError:
        place = f"{str(country)[:20]!a}" + (f" with the subdivision {str(subdivision)[:20]!a}" if subdivision else "")
        raise ValueError(f"The library holidays does not know the country {place}. Correct it, or name the days in the calendar.") from None
