# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Makes docs/contract.md from the outcomes of the contract tests (.build/contract/results.json), or with --check compares it."""

from __future__ import annotations

import argparse
import json
import typing as t
from pathlib import Path

import yaml

from console import ToolError, main_guard, say
from paths import BUILD, ROOT

Json = dict[str, t.Any]
RESULTS = BUILD / "contract" / "results.json"
REASONS = ROOT / "tests" / "contract" / "reasons.yml"
PAGE = ROOT / "docs" / "contract.md"
DIRECTIONS = ("reads", "writes")
UNJUDGED = "not judged"

HEAD = """# What the double is held to

Made by `make contract` from the outcomes of tests/contract; do not edit it. The judges are two that were not written here: the vendor's
Python SDK (cvpysdk, current release, unmodified) and the vendor's OpenAPI document, which is not part of this repository: the
environment variable `BAAS_OPENAPI` holds its path, and without it that column is not judged.

- **cvpysdk reads it**: what our module wrote is read back by the SDK.
- **cvpysdk writes it**: what the SDK wrote, or started, is found by our module, which then has nothing to change.
- **OpenAPI valid**: every V4 and V5 call that our modules make in these tests, what prepares them included, is as the document has it:
  its request, and the simulator's reply. Excepted are the deviations in
  `tests/contract/deviations.yml` of the repository, each with its reason. The operations are described in `operations.yml` beside it.

While the SDK waits for a job it sleeps 30 seconds at a time. The tests shorten `time.sleep` in their process; the SDK is as released.

| Operation | Our module | cvpysdk reads it | cvpysdk writes it | OpenAPI valid |
|---|---|---|---|---|
"""

BUDGET = """
## Requests

On one keep-alive connection, counted by the simulator. The login counts. The logout that ends a session of user name and password is
one more, after the work; the SDK's figures (measured without a server, login included) have none. With a ready token both fall away.
To act inside a company named by `company` costs one more, to find its id; with `company_id` none.

| Act | Ours | At most | cvpysdk |
|---|---|---|---|
"""
BUDGETS = {
    "plan": ("read one plan by name", "3", "6"),
    "subclient": ("set content, filters and plan of a file subclient", "5", "21"),
    "backup of a file subclient": ("start a backup of a file subclient", "4", "22"),
    "backup of a VM group": ("start a backup of a VM group", "4", "25"),
    "12 unchanged subclients, whole lists": ("12 unchanged subclients of one client", "15", "not measured"),
    "12 unchanged subclients, brief lists": ("the same, where the server lists identities only", "15", "not measured"),
}


def cell(outcomes: list[str], reason: str | None, where: str) -> str:
    """yes, no, or the reason why there is neither. Raises ToolError for a hole without one, and for a reason without a hole."""
    seen = set(outcomes) - {"skipped"}
    if seen and reason:
        raise ToolError(f"{where} has an outcome: take its reason out of {REASONS.name}.")
    if not seen and not reason:
        raise ToolError(f"{where} has no test that ran: write one, or the reason into {REASONS.name}.")
    return reason or ("no" if "failed" in seen else "yes")


def rows(results: Json, reasons: Json) -> t.Iterator[list[str]]:
    """The lines of the table, by operation."""
    operations = sorted({test["operation"] for test in results["tests"]}, key=str.casefold)
    if strangers := sorted(set(reasons) - set(operations)):
        raise ToolError(f"{REASONS.name} speaks of what no test is about: {', '.join(strangers)}.")
    for operation in operations:
        tests = [test for test in results["tests"] if test["operation"] == operation]
        why = reasons.get(operation) or {}
        cells = [
            cell([test["outcome"] for test in tests if test["direction"] == way], why.get(way), f"{operation}: {way}") for way in DIRECTIONS
        ]
        modules = ", ".join(f"`{name}`" for name in sorted({test["module"] for test in tests}))
        calls = results["calls"].get(operation) or []
        yield [operation, modules, *cells, valid(results["judged"], calls, [test["outcome"] for test in tests])]


def valid(judged: bool, calls: list[str], outcomes: list[str]) -> str:
    """The last cell: a deviation fails the test in which it is met, so that passed tests are valid ones."""
    if not calls:
        return "no V4 or V5 call is behind it"
    if not judged:
        return UNJUDGED
    return "no" if "failed" in outcomes else f"yes, {len(calls)} operation{'s' if len(calls) > 1 else ''}"


def render(results: Json, reasons: Json) -> str:
    """The whole page."""
    table = [f"| {' | '.join(line)} |" for line in rows(results, reasons)]
    missing = [name for name in BUDGETS if name not in results["requests"]]
    if missing:
        raise ToolError(f"The outcomes do not tell how many requests these took: {', '.join(missing)}.")
    budget = [f"| {act} | {results['requests'][name]} | {most} | {peer} |" for name, (act, most, peer) in BUDGETS.items()]
    return HEAD + "\n".join(table) + "\n" + BUDGET + "\n".join(budget) + "\n"


def without_last(page: str) -> str:
    """The page without the OpenAPI column, which a run without the document cannot fill."""
    return "\n".join(line.rpartition(" | ")[0] if line.startswith("| ") else line for line in page.splitlines())


def stale(page: str, kept: str, judged: bool) -> bool:
    """Whether the page that is kept says something else than the outcomes."""
    return page != kept if judged else without_last(page) != without_last(kept)


def check_whole(results: Json) -> None:
    """What only a look back on all tests can tell. Raises ToolError for what is described or accepted and was never seen."""
    if results["unsent"]:
        raise ToolError(f"No contract test sends what operations.yml describes: {', '.join(results['unsent'])}.")
    if results["unmet"]:
        raise ToolError("No contract test meets what deviations.yml accepts:\n    " + "\n    ".join(results["unmet"]))


def main() -> int:
    """Write the page, or with --check compare it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="write nothing; 1 if the page does not say what the outcomes say")
    parser.add_argument("--results", type=Path, default=RESULTS, help="outcomes to read (default: those of the last whole run)")
    options = parser.parse_args()
    if not options.results.is_file():
        raise ToolError(f"{options.results} is missing: run all contract tests first (make contract).")
    results = json.loads(options.results.read_text(encoding="utf-8"))
    check_whole(results)
    page = render(results, yaml.safe_load(REASONS.read_text(encoding="utf-8")) or {})
    kept = PAGE.read_text(encoding="utf-8") if PAGE.is_file() else ""
    if not stale(page, kept, results["judged"]):
        say(f"{PAGE.relative_to(ROOT)} says what the contract tests found.")
        return 0
    if options.check:
        say(f"{PAGE.relative_to(ROOT)} does not say what the contract tests found: run make contract and commit it.")
        return 1
    if not results["judged"]:
        raise ToolError("The OpenAPI column cannot be filled: let BAAS_OPENAPI name the vendor's document, and run make contract again.")
    PAGE.write_text(page, encoding="utf-8")
    say(f"{PAGE.relative_to(ROOT)} written.")
    return 0


if __name__ == "__main__":
    main_guard(main)
