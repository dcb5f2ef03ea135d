# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection: may change in any release.
"""The problems that a document of protection tells of, each with its cause, and which systems are known to be well."""

from __future__ import annotations

import dataclasses
import functools
import hashlib
import re
import typing as t

from .check_causes import NO_END, UNREAD, Cause, cause_of, named
from .protection_figures import WRONG

Row = dict[str, t.Any]
Given = t.Mapping[str, t.Any]

LONGEST = 300
"""Characters of a system's identifier beyond which a ticket has its hash instead; all else of an identity is short."""
REGION = "region"
"""The kind of the problem that a part of the platform could not be read."""
BAD = ("failed", "partial")
ENDED = ("success", *BAD)


def begins(region: str) -> str:
    """How the identities of all tickets of a region's checks begin, by which they are found again."""
    return f"backup_check {_plain(region)} "


def identity(region: str, cause: str, system: str) -> str:
    """What a ticket is about, in a line that is always the same."""
    return f"{begins(region)}{cause} {_plain(system)}"


def _plain(text: str) -> str:
    """A text as it is if nobody could mistake it for another, else its hash."""
    plain = text.isprintable() and " ".join(text.split()) == text and len(text) <= LONGEST
    return text if plain and text else hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


@dataclasses.dataclass(frozen=True)
class Looked:
    """A document, and the causes of what it tells."""

    document: Given
    causes: t.Sequence[Cause]

    @property
    def region(self) -> str:
        return str(self.document["region"])

    @property
    def complete(self) -> bool:
        """Whether all could be read, so that what is not in it is not there."""
        return bool(self.document["complete"])

    @functools.cached_property
    def aliases(self) -> dict[str, str]:
        """The short names of tenants by their hosts."""
        return {str(row["host"]): str(row["alias"]) for row in self.document["tenants"]}

    @functools.cached_property
    def systems(self) -> dict[str, Given]:
        return {str(row["id"]): row for row in self.document["systems"]}

    @functools.cached_property
    def problems(self) -> dict[str, Row]:
        """All problems by their identity. One that is over already has solved_at."""
        found = [*self._of_systems(), *self._of_vms("unnamed"), *self._of_vms("absent"), *self._unread()]
        return {row["identity"]: row for row in found}

    @functools.cached_property
    def troubled(self) -> set[str]:
        """The systems of which something is wrong now."""
        return {row["system"] for row in self.problems.values() if not row["solved_at"]}

    def well(self, problem: Given) -> bool:
        """Whether it is known that what a problem was about is well now, or is no more."""
        if problem["system"] in self.troubled:
            return False
        row = self.systems.get(problem["system"])
        if row is None:
            return self.complete
        return row["state"] in ("protected", "excepted") and row["agent_ready"] is not False

    def in_scope(self, alias: str) -> bool:
        """Whether the document is about a tenant, by its short name; empty for the provider."""
        return not alias or alias in self.aliases.values()

    def names_another(self, text: str, tenant: str) -> bool:
        """Whether a text names another tenant than this one (by its host), or a machine of one, so that it must not be told."""
        words = set(re.findall(r"[\w.-]+", text.casefold()))
        return any(
            bool(words & machines) or any(re.search(rf"(?<!\w){re.escape(name)}(?!\w)", text, re.IGNORECASE) for name in names)
            for host, (names, machines) in self._names.items()
            if host != tenant
        )

    @functools.cached_property
    def _names(self) -> dict[str, tuple[set[str], set[str]]]:
        """What each tenant is called, and its machines, by host."""
        found: dict[str, tuple[set[str], set[str]]] = {
            str(row["host"]): ({str(row[key]) for key in ("host", "name", "alias")}, set()) for row in self.document["tenants"]
        }
        for row in self.document["systems"]:
            found[str(row["tenant"])][1].add(str(row["client"]).casefold())
        return found

    def _of_systems(self) -> t.Iterator[Row]:
        for row in self.document["systems"]:
            state = row["otherwise"] if row["state"] == "excepted" else row["state"]
            excepted = row["state"] == "excepted" and state in WRONG and state != "unknown"
            if excepted:
                cause = cause_of(_judged(row, state), self.causes) if row["exception_until"] else named(NO_END, self.causes)
                yield self._problem(row, state, cause, accepted=bool(row["exception_until"]))
            elif row["state"] in WRONG or self._watched(row["state"]):
                yield self._problem(row, state, cause_of(_judged(row, state), self.causes))
            elif row["state"] == "protected":
                yield from self._of_protected(row)

    def _watched(self, state: str) -> bool:
        """Whether the operator's table names a state that is none to worry about by itself."""
        return state == "vm_gone" and any(state in cause.states for cause in self.causes)

    def _of_protected(self, row: Given) -> t.Iterator[Row]:
        if row["agent_ready"] is False:
            yield self._problem(row, "offline", cause_of(_judged(row, "offline"), self.causes))
            return
        bad = next((job for job in row["jobs"] if job["outcome"] in BAD and not job["synthetic"]), None)
        if bad:
            state = "failed" if bad["outcome"] == "failed" else "partly"
            job = {**row, "reason": bad["reason"], "code": "", "last_status": bad["status"], "last_job": bad["id"]}
            yield self._problem(job, state, cause_of(_judged(job, state), self.causes), solved_at=row["last_good"])

    def _problem(self, row: Given, state: str, cause: Cause, accepted: bool = False, solved_at: str | None = None) -> Row:
        # Of what is not known there is one ticket, the provider's, however many systems it is about.
        about = self.region if cause.name == UNREAD else row["id"]
        return {
            "identity": identity(self.region, cause.name, str(row["id"])),
            "ticket_identity": identity(self.region, cause.name, about),
            "ticket_tenant": "" if cause.name == UNREAD else self.aliases.get(str(row["tenant"]), ""),
            "tenant": row["tenant"],
            "system": row["id"],
            "kind": row["kind"],
            "name": row["name"],
            "state": state,
            "cause": cause.name,
            "team": cause.team,
            "priority": cause.priority,
            "status": row.get("last_status"),
            "job": row.get("last_job"),
            "code": str(row.get("code") or ""),
            "reason": str(row["reason"]),
            "strikes": row.get("strikes", 0),
            "last_good": row.get("last_good"),
            "accepted": {"reason": row["exception"], "until": row["exception_until"]} if accepted else None,
            "solved_at": solved_at,
        }

    def _of_vms(self, state: str) -> t.Iterator[Row]:
        """What only the vCenter has, or only a specification."""
        for vm in self.document[state]:
            place = str(vm.get("vm_group") or "")
            owner = self.aliases.get(str(vm["tenant"]), "-")
            known = str(vm.get("uuid") or f"{vm.get('folder') or place}/{vm['name']}")
            row = {"id": f"{state}/{owner}/{known}", "tenant": vm["tenant"], "kind": "vm", "name": vm["name"], "reason": ""}
            yield self._problem(row, state, cause_of(_judged(row, state), self.causes))

    def _unread(self) -> t.Iterator[Row]:
        if not self.complete:
            texts = " ".join(str(problem["text"]) for problem in self.document["problems"])
            row = {"id": self.region, "tenant": None, "kind": REGION, "name": self.region, "reason": texts}
            yield self._problem(row, "unknown", named(UNREAD, self.causes))


def _judged(row: Given, state: str) -> Row:
    """What the table looks at."""
    return {
        "state": state,
        "status": row.get("last_status"),
        "kind": row["kind"],
        "code": row.get("code") or "",
        "reason": row["reason"],
        "agent_ready": row.get("agent_ready"),
    }
