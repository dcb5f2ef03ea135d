# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection: may change in any release.

from __future__ import annotations

import html.parser
import typing as t

from ..._core.argspec import ArgumentSpec
from ..backups import jobs
from ..wire.lookup import same_name
from ..wire.replies import counted, part, text, word

if t.TYPE_CHECKING:
    from ..wire.client import Commvault

Row = dict[str, t.Any]
SEVERITIES = ("critical", "major", "information", "auto_pick")
LONGEST = 4000
"""Characters of a description that are kept: it is the text of a mail."""
SILENT = {"style", "script", "head", "title"}
BREAKS = {"br", "p", "div", "tr", "li", "table", "h1", "h2", "h3"}

OPTIONS = ArgumentSpec(
    {
        "severities": {"type": "list", "elements": "str", "choices": list(SEVERITIES)},
        "clients": {"type": "list", "elements": "str"},
        "read": {"type": "bool"},
        "since": {"type": "str"},
        "descriptions": {"type": "bool", "default": False},
        "limit": {"type": "int"},
    }
)


def describe(client: Commvault, params: Row) -> Row:
    """Alerts that were triggered, newest first. The list has no filter and no pages (OpenAPI GetAlertsTriggered): it is filtered here."""
    rows = [] if client.company_missing else client.rows("/V4/TriggeredAlerts", "alertsTriggered")
    home = client.company_id
    found = [_record(row) for row in rows]
    since = jobs.seconds(params["since"])
    met = [row for row in found if _meets(row, params, since) and (home is None or row["company_id"] in (None, home))]
    met.sort(key=lambda row: (row["time"] or "", row["id"]), reverse=True)
    shown = met if params["limit"] is None else met[: params["limit"]]
    if params["descriptions"]:
        details = client.pool.read(
            lambda alert: client.get(f"/V4/TriggeredAlerts/{alert}", absent=(404, 500)) or {}, [row["id"] for row in shown]
        )
        for row in shown:
            row["description"] = plain(text(details[row["id"]], "description"))
    return {
        "changed": False,
        "alerts": shown,
        "counts": {"total": len(met), "unread": sum(not row["read"] for row in met), "by_severity": counted(met, "severity")},
    }


def plain(said: str | None) -> str:
    """The words of an HTML mail, one line for each that it shows. They come from outside and are to be treated as such."""
    reader = _Words()
    reader.feed(said or "")
    reader.close()
    lines = (" ".join(line.split()) for line in "".join(reader.parts).split("\n"))
    return "\n".join(line for line in lines if line)[:LONGEST]


class _Words(html.parser.HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.parts: list[str] = []
        self._silent = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:  # noqa: ARG002
        self._silent += tag in SILENT
        if tag in BREAKS:
            self.parts.append("\n")

    def handle_endtag(self, tag: str) -> None:
        self._silent = max(0, self._silent - (tag in SILENT))
        self.parts.append("\n" if tag in BREAKS else " ")

    def handle_data(self, data: str) -> None:
        if not self._silent:
            self.parts.append(data)


def _record(row: Row) -> Row:
    company = part(row, "company")
    return {
        "id": int(row["id"]),
        "severity": word(row.get("severity")),
        "name": plain(text(row, "info")),
        "type": row.get("type"),
        "criterion": row.get("detectedCriterion"),
        "time": jobs.iso(row.get("detectedTime")),
        "client": text(row, "client", "name"),
        "company": company.get("name") if company.get("id") else None,
        "company_id": int(company["id"]) if "id" in company else None,
        "job": row.get("jobId") or None,
        "read": bool(row.get("readStatus")),
        "notes": plain(text(row, "notes")),
    }


def _meets(row: Row, params: Row, since: int) -> bool:
    return (
        (params["severities"] is None or row["severity"] in params["severities"])
        and (params["clients"] is None or any(same_name(name, row["client"]) for name in params["clients"]))
        and params["read"] in (None, row["read"])
        and jobs.seconds(row["time"]) >= since
    )
