# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""``make sandbox`` and ``make sandbox-stop``: a simulated Commvault and vCenters that stay up, and what to try on them."""

from __future__ import annotations

import argparse
import os
from pathlib import Path

from commvaultsim.sandbox import Sandbox, SandboxError
from console import ToolError, main_guard, say, step
from paths import ROOT
from playbook_runs import DEFAULT_SANDBOX, SANDBOX_VARIABLE, PlaybookRun, shown

TO_TRY = (
    ("What onboarding would do, without doing it", PlaybookRun("tenant_onboard", ("--check", "--diff"))),
    ("Onboard every tenant (again: changed=0)", PlaybookRun("tenant_onboard")),
    ("Prove a restore in one region", PlaybookRun("restore_test", ("--limit", "luxembourg"))),
)


def show(sandbox: Sandbox) -> None:
    """Print where everything is and the commands to try."""
    endpoints = sandbox.endpoints
    secrets = sandbox.state_dir / "secrets"
    say(f"\nThe sandbox is up. State and logs: {shown(sandbox.state_dir)}, certificate authority: {shown(sandbox.ca_path)}")
    rows = [("Commvault", endpoints["commvault"]["url"], endpoints["commvault"]["username"], "commvault_password")]
    for name, vcenter in endpoints["vcenters"].items():
        rows.append((name, f"https://{vcenter['hostname']}:{vcenter['port']}", vcenter["username"], "vcenter_password"))
    for name, url, user, secret in rows:
        say(f"  {name:<12}{url}  user {user}, password in {shown(secrets / secret)}")
    say(f"\nTo try, in {ROOT}:")
    for title, run in TO_TRY:
        line = PlaybookRun(run.playbook, run.options, sandbox.state_dir).line
        say(f"\n  # {title}\n  {line}")
    say("\nmake sandbox-stop ends it.")


def main() -> int:
    """Start or stop the sandbox."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("action", choices=["up", "down"])
    folder = Path(os.environ.get(SANDBOX_VARIABLE) or DEFAULT_SANDBOX)
    parser.add_argument("--dir", type=Path, default=folder, help="state directory (default: %(default)s)")
    options = parser.parse_args()
    sandbox = Sandbox(options.dir)
    try:
        if options.action == "down":
            say("Sandbox stopped." if sandbox.stop() else "No sandbox was up.")
            return 0
        if not sandbox.running():
            with step("Starting a simulated Commvault and vCenters on loopback"):
                sandbox.start()
        show(sandbox)
    except SandboxError as error:
        raise ToolError(str(error)) from error
    return 0


if __name__ == "__main__":
    main_guard(main)
