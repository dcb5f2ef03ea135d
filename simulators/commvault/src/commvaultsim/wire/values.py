# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What JSON and query texts carry for numbers and flags."""

from __future__ import annotations

import typing as t


def to_int(value: t.Any, default: int = 0) -> int:
    """An integer out of what JSON may carry for one."""
    try:
        return int(value)
    except (TypeError, ValueError):
        return default


def flag(value: t.Any) -> bool:
    """A boolean as the API writes it: true, 1, "1" or "true"."""
    return value is True or str(value).lower() in ("1", "true", "yes")
