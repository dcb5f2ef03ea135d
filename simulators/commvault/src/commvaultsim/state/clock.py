# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The simulator's own time, so that tests need not sleep."""

from __future__ import annotations

import time

#: Where the manual clock starts: 2026-06-01 08:00:00 UTC.
MANUAL_START = 1780300800.0


class SimClock:
    """Epoch seconds. ``manual`` stands still until moved; ``real`` runs with the wall clock, shifted by what it was moved."""

    def __init__(self, mode: str = "real", start: float = MANUAL_START) -> None:
        if mode not in ("real", "manual"):
            raise ValueError(f"unknown clock mode {mode!r}: use real or manual")
        self.mode = mode
        self._offset = 0.0 if mode == "real" else start

    def now(self) -> float:
        """Seconds since 1970 UTC, with a fraction."""
        return self._offset + (time.time() if self.mode == "real" else 0.0)

    def epoch(self) -> int:
        """The same as whole seconds, as the API writes times."""
        return int(self.now())

    def advance(self, seconds: float) -> None:
        """Move the clock forward; never back."""
        if seconds < 0:
            raise ValueError("the clock only goes forward")
        self._offset += seconds
