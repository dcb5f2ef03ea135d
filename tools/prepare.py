# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Second step of ``make setup``: the collections path and the vCenter simulator. Runs in the environment of the first step."""

from __future__ import annotations

import fcntl

import prepare_collections
import prepare_vcsim
from console import main_guard
from paths import BUILD


def main() -> int:
    """Bring everything up to date, one process at a time."""
    with (BUILD / "setup.lock").open("w", encoding="utf-8") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        prepare_collections.prepare()
        prepare_vcsim.prepare()
    return 0


if __name__ == "__main__":
    main_guard(main)
