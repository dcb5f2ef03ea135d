# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection: may change in any release.
"""The proof of residency as one page that needs nothing else."""

from __future__ import annotations

import typing as t

from .markup import Html, tag
from .page import badge, document, name, section, table, tiles, verdict

Given = t.Mapping[str, t.Any]

COLOURS = {"in_region": "good", "unknown": "warn"}
WORDS = {"in_region": "in the region", "not_own": "not its own", "elsewhere": "elsewhere", "missing": "missing", "unknown": "not known"}


def page(report: Given) -> str:
    """The whole page."""
    whose = report["audience"]["name"] or f"region {report['region']}"
    header = [tag("p", f"As of {report['made_at']} (UTC)", class_="soft"), _verdict(report), _tiles(report)]
    sections = [_problems(report), _wrong(report), _tenants(report), _things(report)]
    return document(f"Where the data is: {whose}", header, sections, report["made_at"], ("wrong", "To what is not proven"))


def _verdict(report: Given) -> Html:
    count = len(report["wrong"])
    if report["proven"]:
        return verdict("Proven: everything is in the region, and the tenant's own or the provider's.", "good")
    if any(row["verdict"] in ("not_own", "elsewhere") for row in report["wrong"]):
        return verdict(
            f"Not as it must be: {count} of {len(report['things'])} things are not proven to be in the region and its own.", "bad"
        )
    return verdict(f"Not proven: of {count} of {len(report['things'])} things not all is known.", "warn")


def _tiles(report: Given) -> Html:
    things = report["things"]
    copies = [row for row in things if row["kind"] == "copy"]
    return tiles(
        [
            (f"{sum(row['verdict'] == 'in_region' for row in things)} of {len(things)}", "things in the region"),
            (f"{sum(row['verdict'] == 'in_region' for row in copies)} of {len(copies)}", "copies in the region"),
        ]
    )


def _problems(report: Given) -> Html | None:
    if report["complete"]:
        return None
    return section("unknown", "What could not be read", tag("ul", [tag("li", row["text"]) for row in report["problems"]]))


def _wrong(report: Given) -> Html:
    if not report["wrong"]:
        return section("wrong", "What is not proven", tag("p", "Nothing."))
    return section("wrong", "What is not proven", _table("wrong", "The worst first", report, report["wrong"]))


def _things(report: Given) -> Html:
    return section("things", "Everything that holds or moves data", _table("things", "By tenant and kind", report, report["things"]))


def _table(key: str, caption: str, report: Given, things: t.Iterable[Given]) -> Html:
    names = {row["host"]: row["name"] for row in report["tenants"]}
    rows = [
        tag(
            "tr",
            tag("td", name(names.get(row["tenant"]))),
            tag("td", row["kind"].replace("_", " ")),
            tag("th", name(row["name"]), scope="row"),
            tag("td", name(row["of"])),
            tag("td", name(row["region"] or "not known")),
            tag("td", row["told_by"]),
            tag("td", name(row["company"] or row["owner"])),
            tag("td", badge(WORDS[row["verdict"]], COLOURS.get(row["verdict"], "bad"))),
            tag("td", name(row["reason"])),
        )
        for row in things
    ]
    columns = ["Tenant", "What", "Name", "Of", "Region", "Told by", "Whose", "Verdict", "Reason"]
    return table(key, caption, columns, rows, search=True)


def _tenants(report: Given) -> Html:
    rows = [
        tag(
            "tr",
            tag("th", name(row["name"]), scope="row"),
            tag("td", name(row["region"])),
            tag("td", row["things"], class_="n"),
            tag("td", row["verdicts"].get("in_region", 0), class_="n"),
        )
        for row in report["tenants"]
    ]
    return section(
        "tenants", "Tenants", table("tenants", "Where their data must stay", ["Tenant", "Region", "Things", "In the region"], rows)
    )
