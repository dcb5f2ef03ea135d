# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection: may change in any release.
"""What is asked of the platform for figures, and in which order: lists first, then all jobs once, then a look at what did not succeed."""

from __future__ import annotations

import typing as t

from . import protection_scope
from .protection_document import document
from .protection_figures import Figures, Job, Platform, Vm
from .report_period import Period

Row = dict[str, t.Any]
Given = t.Mapping[str, t.Any]

LOOKED_AT = ("failed", "never_ran", "missed")
"""States for which there may be a reason in how a system is configured."""


class Source(t.Protocol):
    """The backup platform. A list that cannot be read is None, and each such thing a sentence in problems."""

    problems: list[str]
    most: int
    accept_unknown: bool

    def companies(self, names: t.Mapping[str, str]) -> dict[str, int | None] | None: ...
    def clients(self) -> dict[int, tuple[str, int | None, bool | None, bool]] | None: ...
    def groups(self) -> dict[int, tuple[int | None, str]] | None: ...
    def vms(self) -> list[Row] | None: ...
    def history(self, since: int) -> t.Iterator[Row]: ...
    def reasons(self, ids: t.Iterable[int]) -> dict[int, str]: ...
    def vm_results(self, ids: t.Iterable[int]) -> dict[int, list[Row]]: ...
    def parts(self, names: t.Iterable[str]) -> dict[str, list[Row] | None]: ...
    def groups_enabled(self, ids: t.Iterable[int]) -> dict[int, bool | None]: ...


def read(
    source: Source,
    tenants: t.Sequence[Given],
    period: Period,
    region: str,
    vms: t.Sequence[Given] | None,
    vms_error: str = "",
    outside: t.Sequence[str] = (),
) -> Row:
    """The document of a period.

    tenants: of protection_scope.scope(). vms, outside: see protection_scope.compare(). vms_error: why vms is None.
    """
    seen = protection_scope.compare(tenants, vms, outside)
    platform = _platform(source, tenants)
    known = [{"uuid": vm.uuid, "name": vm.name, "company_id": vm.company_id, "group": vm.group} for vm in platform.vms or ()]
    protection_scope.add_known(seen, tenants, platform.companies, known, vms)
    figures = Figures(seen.systems.values(), period, platform, source.accept_unknown)
    _count(source, figures)
    _look(source, figures)
    _explain(source, figures)
    problems = [{"tenant": None, "text": text} for text in source.problems]
    if vms is None and any(tenant["vms"] for tenant in tenants):
        told = f"The vCenter could not be read, so that only VMs that have had backups are known: {vms_error or 'no file was given'}"
        problems.append({"tenant": None, "text": told})
    problems += [
        {"tenant": tenant["host"], "text": f"Commvault has no company {tenant['name']}."}
        for tenant in tenants
        if platform.companies.get(tenant["host"], 0) is None
    ]
    return document(figures, seen, tenants, region, problems)


def _platform(source: Source, tenants: t.Sequence[Given]) -> Platform:
    companies = source.companies({str(tenant["host"]): str(tenant["name"]) for tenant in tenants})
    rows = source.vms()
    return Platform(
        companies=companies or {},
        clients=source.clients(),
        groups=source.groups(),
        vms=None if rows is None else [Vm(**row) for row in rows],
    )


def _count(source: Source, figures: Figures) -> None:
    """All jobs, once; then those of VM groups whose VMs have no jobs of their own, as many as may be asked for."""
    known = len(source.problems)
    for row in source.history(figures.earliest()):
        figures.add(Job(**row))
    figures.platform.jobs_read = len(source.problems) == known
    asked, left = figures.whole_groups[: source.most], len(figures.whole_groups) - source.most
    results = source.vm_results(job.id for job in asked)
    for job in asked:
        figures.add_vm_results(job, results.get(job.id, []))
    if left > 0:
        source.problems.append(f"What became of each VM in {left} older jobs of VM groups was not asked for. Raise reason_lookups.")


def _look(source: Source, figures: Figures) -> None:
    """Whether what has no good backup exists and is switched on."""
    wrong = [system for system in figures.systems.values() if figures.state(system.id) in LOOKED_AT]
    _look_at_parts(source, figures, [system for system in wrong if system.kind != "vm"])
    groups = figures.groups_of(system for system in wrong if system.kind == "vm")
    enabled = source.groups_enabled(sorted({number for number in groups.values() if number})[: source.most])
    for identifier, number in groups.items():
        figures.found[identifier].exists = number is not None
        figures.found[identifier].enabled = enabled.get(number or 0)


def _look_at_parts(source: Source, figures: Figures, parts: t.Sequence[protection_scope.System]) -> None:
    lists = source.parts(sorted({system.client for system in parts if figures.owns_client(system)})[: source.most])
    for system in parts:
        rows = lists.get(system.client) if figures.owns_client(system) is not False else []
        if rows is not None:
            figures.look(system.id, rows)


def _explain(source: Source, figures: Figures) -> None:
    """Why jobs did not succeed, the latest of each system first, and then those of the period."""
    silent = figures.unexplained()[: source.most]
    figures.explain(source.reasons(silent))
