# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The peer: reads file subclients with the vendor's SDK and compares them with what they should be. Options as JSON on standard input.

host, username, password, ca_path: how to reach Commvault. subclients: the options that the module is given.
Written as the SDK's documentation shows it, sparing it what can be spared: each client and its list of subclients is got once.
"""

from __future__ import annotations

import json
import sys
import typing as t

from cvpysdk.commcell import Commcell


def differences(commcell: t.Any, wanted: list[dict[str, t.Any]]) -> int:
    """How many subclients are not as they should be."""
    lists: dict[str, t.Any] = {}
    different = 0
    for element in wanted:
        name = element["client"]
        if name not in lists:
            lists[name] = commcell.clients.get(name).agents.get("File System").backupsets.get("defaultBackupSet").subclients
        subclient = lists[name].get(element["name"])
        same = subclient.content == element["content"] and subclient.filter_content == element["filters"]
        plan = subclient.properties["planEntity"].get("planName")
        different += not (same and subclient.is_backup_enabled and plan == element.get("plan"))
    return different


def main() -> None:
    """Log in, read and compare."""
    given = json.load(sys.stdin)
    commcell = Commcell(given["host"].removeprefix("https://"), given["username"], given["password"], certificate_path=given["ca_path"])
    found = differences(commcell, given["subclients"])
    commcell.logout()
    if found:
        sys.exit(f"{found} subclients are not as they should be.")
    print(len(given["subclients"]))


if __name__ == "__main__":
    main()
