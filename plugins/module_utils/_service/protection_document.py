# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection: may change in any release.
"""Figures as a document: what a report, a check and a later look at the same day are made from, and a tenant's own part of it."""

from __future__ import annotations

import collections
import datetime
import typing as t

from .protection_figures import OUTCOMES, SLA, STATES, WRONG, Figures, History, percent
from .protection_scope import Seen, System
from .report_period import Period

Row = dict[str, t.Any]
Given = t.Mapping[str, t.Any]

FORMAT = "calligo.baas/protection/1"
LETTERS = {"success": "s", "partial": "p", "failed": "f"}
PARTLY_READ = "A part of the backup platform could not be read, so that not everything is known. The provider looks into it."


def iso(seconds: int) -> str | None:
    """ISO 8601 in UTC; None for 0, which means never."""
    return datetime.datetime.fromtimestamp(seconds, datetime.UTC).strftime("%Y-%m-%dT%H:%M:%SZ") if seconds else None


def document(figures: Figures, seen: Seen, tenants: t.Sequence[Given], region: str, problems: t.Sequence[Given]) -> Row:
    """Everything that was found, for the provider. tenants: of protection_scope.scope().

    problems: tenant (None for all) and text: what could not be read. With any, the document is not complete.
    """
    slas = figures.sla_by_client()
    systems = [_system(figures, figures.systems[identifier]) for identifier in sorted(figures.systems)]
    told = [*problems, *({"tenant": None, "text": text} for text in seen.problems)]
    if figures.not_attributed:
        told.append({"tenant": None, "text": f"Commvault does not tell whose {figures.not_attributed} jobs are: they count for nobody."})
    return {
        "format": FORMAT,
        "region": region,
        "period": period_record(figures.period),
        "complete": not told,
        "problems": [{"tenant": row["tenant"], "text": str(row["text"])} for row in told],
        "tenants": [_tenant(figures, tenant, systems, slas) for tenant in sorted(tenants, key=lambda one: str(one["name"]).casefold())],
        "systems": systems,
        "clients": [{"tenant": tenant, "client": client, "sla": sla} for (tenant, client), sla in slas.items()],
        "unnamed": sorted(seen.unnamed, key=lambda vm: (str(vm["tenant"] or ""), vm["name"])),
        "absent": sorted(seen.absent, key=lambda vm: (vm["tenant"], vm["name"])),
    }


def period_record(period: Period) -> Row:
    """A period as documents have it."""
    return {
        "from": iso(period.start),
        "to": iso(period.end),
        "hours": round((period.end - period.start) / 3600, 2),
        "time_zone": period.zone,
        "days": list(period.days),
    }


def with_problems(whole: Given, texts: t.Sequence[str]) -> Row:
    """A document with more that could not be read."""
    told = [*whole["problems"], *({"tenant": None, "text": text} for text in texts)]
    return {**whole, "problems": told, "complete": not told}


def of_tenant(whole: Given, host: str) -> Row:
    """The part of a document that is one tenant's, made anew from what is the tenant's, so that nothing of another is in it."""
    tenants = [row for row in whole["tenants"] if row["host"] == host]
    own = [row for row in whole["problems"] if row["tenant"] == host]
    general = [{"tenant": host, "text": PARTLY_READ}] if any(row["tenant"] is None for row in whole["problems"]) else []
    return {
        **{key: whole[key] for key in ("format", "region", "period")},
        "complete": not own and not general,
        "problems": [*general, *own],
        "tenants": tenants,
        **{key: [row for row in whole[key] if row["tenant"] == host] for key in ("systems", "clients", "unnamed", "absent")},
    }


def summary(whole: Given) -> Row:
    """What a play may want to know without reading the document."""
    states = collections.Counter(row["state"] for row in whole["systems"])
    return {
        "complete": whole["complete"],
        "systems": len(whole["systems"]),
        "wrong": sum(states[state] for state in WRONG),
        "states": {state: states[state] for state in STATES if states[state]},
        "sla": _sla(whole["clients"]),
        "tenants": [row["host"] for row in whole["tenants"]],
        "problems": [row["text"] for row in whole["problems"]],
    }


def _tenant(figures: Figures, tenant: Given, systems: t.Sequence[Row], slas: t.Mapping[tuple[str, str], str]) -> Row:
    own = [row for row in systems if row["tenant"] == tenant["host"]]
    states = collections.Counter(row["state"] for row in own)
    traffic = figures.traffic.get(str(tenant["host"]), {})
    return {
        **{key: str(tenant[key]) for key in ("host", "name", "alias", "region")},
        "sla": _sla([{"sla": sla} for (host, _client), sla in slas.items() if host == tenant["host"]]),
        "systems": len(own),
        "states": {state: states[state] for state in STATES if states[state]},
        "outcomes": _outcomes(figures, own),
        "traffic": [
            {"day": day, "application_bytes": traffic.get(index, [0, 0])[0], "media_bytes": traffic.get(index, [0, 0])[1]}
            for index, day in enumerate(figures.period.days)
        ],
    }


def _outcomes(figures: Figures, systems: t.Iterable[Given]) -> list[Row]:
    sums = [[0, 0, 0] for _day in figures.period.days]
    for row in systems:
        for day, counts in figures.histories[row["id"]].days.items():
            sums[day] = [a + b for a, b in zip(sums[day], counts, strict=True)]
    return [{"day": day, **dict(zip(OUTCOMES, counts, strict=True))} for day, counts in zip(figures.period.days, sums, strict=True)]


def _sla(rows: t.Iterable[Given]) -> Row:
    counts = collections.Counter(row["sla"] for row in rows)
    return {**{name: counts[name] for name in SLA}, "percent": percent(counts["met"], counts["missed"])}


def _system(figures: Figures, system: System) -> Row:
    history, good = figures.histories[system.id], figures.last_good(system.id)
    last = history.last
    known = figures.known_vm(system.id)
    return {
        **{key: getattr(system, key) for key in ("id", "tenant", "kind", "name", "client", "group", "plan", "sla_days", "exception")},
        "exception_until": system.exception_until or None,
        "state": figures.state(system.id),
        "otherwise": figures.otherwise(system.id),
        "sla": figures.sla(system.id),
        "platform_sla": known.sla if known else None,
        "agent_ready": figures.agent_ready(system),
        "last_good": iso(good),
        "last_partial": iso(history.last_partial),
        "age_seconds": figures.period.end - good if good else None,
        "rpo_seconds": system.rpo_seconds,
        "rpo_met": figures.rpo_met(system.id),
        "strikes": history.strikes,
        "running": history.running,
        "full_bytes": history.full_bytes or None,
        "reason": last.reason if last and last.outcome != "success" else "",
        "code": last.code if last and last.outcome != "success" else "",
        "last_job": last.id if last else None,
        "last_status": last.status if last else None,
        "last_level": last.level if last else None,
        "days": _days(history, len(figures.period.days)),
        "counts": {outcome: history.counts[outcome] for outcome in OUTCOMES},
        "jobs": [{**job, "start": iso(job["start"]), "end": iso(job["end"])} for job in history.jobs],
    }


def _days(history: History, count: int) -> str:
    """A letter for each day: s, p or f for the best that a job of the day came to, upper case if another did worse, and - for none."""
    return "".join(_letter(history.days.get(day)) for day in range(count))


def _letter(counts: t.Sequence[int] | None) -> str:
    outcomes = [outcome for outcome, number in zip(OUTCOMES, counts or (), strict=False) if number]
    if not outcomes:
        return "-"
    letter = LETTERS[outcomes[0]]
    return letter.upper() if len(outcomes) > 1 else letter
