# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection: may change in any release.

from __future__ import annotations

import typing as t

from . import lookups

if t.TYPE_CHECKING:
    from .client import Commvault
    from .lookups import Found

Row = dict[str, t.Any]


def own(client: Commvault, found: t.Iterable[Found], shared: bool = False) -> list[Found]:
    """Inside a company, what belongs to it, and if wanted what the provider shares; otherwise everything. In the order of names.

    Where the server does not tell the owner of a row, its list is taken at its word.
    """
    if client.company_missing:
        return []
    home = client.company_id
    kept = [row for row in found if home is None or row.company_id in (None, home) or (shared and row.company_id == 0)]
    return sorted(kept, key=lambda row: (row.name.casefold(), row.id))


def named(client: Commvault, kind: str, found: list[Found], names: list[str] | None) -> tuple[list[Found], list[str]]:
    """Those of these names, in that order, and the names that do not exist; all of them where no names are given."""
    if names is None:
        return found, []
    chosen = {name: lookups.choose(client, kind, name, found) for name in dict.fromkeys(names)}
    return [row for row in chosen.values() if row], [name for name, row in chosen.items() if row is None]


def word(value: t.Any) -> str | None:
    """A word of the API, such as MET_SLA, as the modules write it. None for nothing."""
    return str(value).lower() if value not in (None, "") else None


def counted(rows: t.Iterable[Row], key: str) -> dict[str, int]:
    """How many rows there are of each value of a key."""
    result: dict[str, int] = {}
    for row in rows:
        name = str(row[key] or "unknown")
        result[name] = result.get(name, 0) + 1
    return dict(sorted(result.items()))
