# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection: may change in any release.
"""The draw of the restore tests: at random, and yet anyone can repeat it and nobody can choose it.

Seed = SHA-256 of "region|period|hash of the population|salt", with "|beacon" at its end where there is one: a value that was published
after the population was known and that nobody here chooses, so that nobody tries until the draw suits. Each member of the population is
ranked by SHA-256 of "seed|identifier"; the first ones of the ranking are the sample. No language's random number generator takes part, so
that the draw does not depend on the version of Python or on the order of the input.
"""

from __future__ import annotations

import hashlib
import json
import re
import typing as t

SELECTOR = "sha256-rank/1"
SELECTOR_WITH_BEACON = "sha256-rank/2"
"""Names and versions of this rule, as they stand in the evidence. A change of the rule is a new version."""
BEACON = re.compile(r"[^|\x00-\x1f\x7f]{0,200}")
"""What a beacon may be: one line without the character that divides the parts of the seed."""


def population_hash(identifiers: t.Iterable[str]) -> str:
    """SHA-256 (hexadecimal) of the population: its identifiers, sorted by code point, as a JSON list without blanks, in UTF-8."""
    members = json.dumps(sorted(set(identifiers)), ensure_ascii=False, separators=(",", ":"))
    return _sha256(members)


def selector(beacon: str) -> str:
    """The name of the rule of a draw."""
    return SELECTOR_WITH_BEACON if beacon else SELECTOR


def seed_of(region: str, period: str, identifiers: t.Iterable[str], salt: str, beacon: str = "") -> str:
    """The seed (hexadecimal) of the draw of one region and period from one population."""
    return _sha256("|".join((region, period, population_hash(identifiers), salt, *([beacon] if beacon else []))))


def rank(seed: str, identifiers: t.Iterable[str]) -> list[str]:
    """The whole population in the order of the draw. An identifier that is named twice counts once."""
    return sorted(set(identifiers), key=lambda identifier: (_sha256(f"{seed}|{identifier}"), identifier))


def draw(seed: str, identifiers: t.Iterable[str], count: int = 1) -> list[str]:
    """The first count members of the ranking, fewer when the population is smaller.

    Raises ValueError if count is not positive.
    """
    if count < 1:
        raise ValueError(f"count is {count}: at least one member must be drawn")
    return rank(seed, identifiers)[:count]


def _sha256(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
