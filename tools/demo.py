# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""``make demo``: takes the tenants of inventories/demo from nothing to a proven restore and a report, on simulators stopped again."""

from __future__ import annotations

import argparse
import base64
import contextlib
import shutil
import time
from pathlib import Path

from commvaultsim.sandbox import Sandbox, SandboxError
from console import ToolError, duration, main_guard, say, step, undisturbed
from paths import BUILD, ROOT
from playbook_runs import PlaybookRun, Recap, run_playbook, shown

DEMO = BUILD / "demo"
SANDBOX = DEMO / "sandbox"
LOGS = DEMO / "logs"
EVIDENCE = SANDBOX / "evidence"  # where inventories/demo has it written
# What a Commvault access token begins with.
TOKEN_PREFIX = "QSDK "  # noqa: S105
DEFAULT_REGION = "luxembourg"


def onboard(verbosity: list[str]) -> list[str]:
    """Onboard every tenant, then once more: the second run must find nothing to do."""
    run = PlaybookRun("tenant_onboard", tuple(verbosity), SANDBOX)
    first = run_playbook(run, LOGS / "1-tenant_onboard.log")
    second = run_playbook(run, LOGS / "2-tenant_onboard-again.log")
    if second.total("changed"):
        changed = ", ".join(host for host, counts in second.hosts.items() if counts.get("changed"))
        raise ToolError(
            f"The second run of tenant_onboard changed something ({changed}).\n    log: {shown(LOGS / '2-tenant_onboard-again.log')}"
        )
    tenants = f"{len(first.hosts)} tenants onboarded: {', '.join(first.hosts)}"
    return [f"{tenants} ({first.total('changed')} changes)", "onboarded again: nothing to change"]


def test_restores(region: str, verbosity: list[str]) -> list[str]:
    """Draw one VM and one file of a region, restore both, check them and clean up."""
    run = PlaybookRun("restore_test", ("--limit", region, *verbosity), SANDBOX)
    recap: Recap = run_playbook(run, LOGS / "3-restore_test.log")
    if not recap.hosts:
        raise ToolError(f"The restore test ran for no host: is there a region {region}?\n    log: {shown(LOGS / '3-restore_test.log')}")
    return [f"restore test of region {region}: passed"]


def report(region: str, verbosity: list[str]) -> list[str]:
    """Report what became of a region's backups: what the NOC and the tenants read every morning."""
    log = LOGS / "4-daily_report.log"
    run_playbook(PlaybookRun("daily_report", ("--limit", region, *verbosity), SANDBOX), log)
    pages = sorted((EVIDENCE / "daily_reports" / "provider" / region).rglob("report.html"), key=lambda page: page.stat().st_mtime)
    if not pages:
        raise ToolError(f"There is no daily report of region {region}.\n    log: {shown(log)}")
    return [f"daily report of region {region}: {shown(pages[-1])}"]


def check(region: str, verbosity: list[str]) -> list[str]:
    """See to what did not succeed, as every morning: of what was just onboarded nothing has to be."""
    log = LOGS / "5-backup_check.log"
    run_playbook(PlaybookRun("backup_check", ("--limit", region, *verbosity), SANDBOX), log)
    records = sorted((EVIDENCE / "backup_checks" / region).glob("*.json"))
    if not records:
        raise ToolError(f"There is no record of a backup check of region {region}.\n    log: {shown(log)}")
    return [f"backup check of region {region}: every problem has an end: {shown(records[-1])}"]


def evidence_files(since: float) -> list[Path]:
    """The evidence files that this demo wrote."""
    return sorted(file for file in EVIDENCE.rglob("*") if file.is_file() and file.stat().st_mtime >= since)


def check_no_secret_shown(sandbox: Sandbox) -> str:
    """See to it that no password, as it is or as a login sends it, and no token stands in a log or in the evidence."""
    passwords = [sandbox.password(product) for product in ("commvault", "vcenter")]
    secrets = [*passwords, *(base64.b64encode(password.encode()).decode() for password in passwords), TOKEN_PREFIX]
    for file in sorted(path for folder in (LOGS, EVIDENCE) for path in folder.rglob("*") if path.is_file()):
        text = file.read_text(encoding="utf-8")
        if any(secret in text for secret in secrets):
            raise ToolError(f"A password or token stands in {shown(file)}.")
    return "no password or token in output and evidence"


def note_unmodelled(sandbox: Sandbox) -> None:
    """Tell which requests the Commvault simulator does not know: what failed may be its fault."""
    with contextlib.suppress(SandboxError):
        calls = sorted(
            {f"{call['method']} {call['path']}" for call in sandbox.control("GET", "/journal")["requests"] if not call["modelled"]}
        )
        for call in calls:
            say(f"Not known to the Commvault simulator: {call}")


def run_all(options: argparse.Namespace) -> list[str]:
    """Everything between the start and the end of the simulators; returns the lines of the summary."""
    verbosity = [f"-{'v' * options.verbose}"] if options.verbose else []
    sandbox = Sandbox(SANDBOX)
    try:
        with step(f"Simulated Commvault and vCenters on loopback (state and logs: {shown(SANDBOX)})"):
            sandbox.start()
        facts = onboard(verbosity) + test_restores(options.region, verbosity)
        facts += report(options.region, verbosity) + check(options.region, verbosity)
        return [*facts, check_no_secret_shown(sandbox)]
    except SandboxError as error:
        raise ToolError(str(error)) from error
    finally:
        note_unmodelled(sandbox)
        with undisturbed(), step("Stopping the simulators"):
            sandbox.stop()


def main() -> int:
    """Run the demo."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--region", default=DEFAULT_REGION, help="region of the restore test (default: %(default)s)")
    parser.add_argument("-v", "--verbose", action="count", default=0, help="passed on to ansible-playbook")
    options = parser.parse_args()
    started, began_at = time.monotonic(), time.time()
    shutil.rmtree(LOGS, ignore_errors=True)
    facts = run_all(options)
    say("\nDemo passed.")
    for fact in facts:
        say(f"  - {fact}")
    say("Evidence:")
    for file in evidence_files(began_at):
        say(f"  {shown(file)}")
    say(f"Logs: {shown(LOGS)}")
    say(f"Time: {duration(time.monotonic() - started)}. To try things yourself: make sandbox (in {ROOT})")
    return 0


if __name__ == "__main__":
    main_guard(main)
