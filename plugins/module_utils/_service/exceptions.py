# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection: may change in any release.
"""Exceptions in a specification: why something needs no backup that can be used, and until when that is accepted."""

from __future__ import annotations

import datetime
import typing as t

Given = t.Mapping[str, t.Any]


def last_day(text: object, what: str) -> str:
    """The last day on which an exception counts, in ISO 8601; empty where there is none. Raises ValueError for what is no date."""
    if text in (None, ""):
        return ""
    try:
        return datetime.date.fromisoformat(str(text)).isoformat()
    except ValueError:
        raise ValueError(f"The exception of {what} ends on {str(text)[:80]!a}, which is no date such as 2026-12-31. Correct it.") from None


def over(until: str, today: str = "") -> bool:
    """Whether an exception counts no more. until: of last_day(). today: in ISO 8601; that of this machine if it is not given."""
    return bool(until) and until < (today or datetime.datetime.now().astimezone().date().isoformat())


def reason_of_part(part: Given) -> str:
    """Why a subclient or instance needs no backup now; empty where it needs one."""
    until = last_day(part.get("backup_exception_until"), str(part["name"]))
    return "" if over(until) else str(part.get("backup_exception") or "")


def of_group(group: Given) -> list[dict[str, t.Any]]:
    """The exceptions of a VM group that count now, each with vm, reason and valid_until."""
    found = [{**one, "valid_until": last_day(one.get("valid_until"), str(one["vm"]))} for one in group.get("backup_exceptions") or []]
    return [one for one in found if not over(one["valid_until"])]
