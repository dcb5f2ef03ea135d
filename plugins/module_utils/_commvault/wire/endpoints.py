# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection: may change in any release.
"""What a good reply to each call holds, so that nothing else is taken for "there is none" or for "done"."""

from __future__ import annotations

import dataclasses
import re
import typing as t

from ..._core.errors import BaasError
from .errors import WRAPPERS
from .replies import listed


@dataclasses.dataclass(frozen=True)
class Promise:
    """keys: one of them is there; no keys: something is. rows: it is a list of objects, or the object where a list of one collapsed.
    A list that is there where none is promised holds objects, too, as envelopes of errors do; jobIds alone are numbers.

    count: a key that may say 0 in place of an empty list. empty: a reply that holds nothing may mean that it was done, and does not tell.
    """

    keys: tuple[str, ...]
    rows: bool = False
    count: str | None = None
    empty: bool = False

    def lacks(self, payload: t.Any, body: str) -> str | None:
        """What of the promise a reply does not hold, in words; None if it is kept. payload: of the body, decoded."""
        if self.empty and (payload == {} or not body.strip()):
            return None
        if not isinstance(payload, dict):
            return "no JSON object"
        if not self.keys:
            return None
        found = next(((key, payload[key]) for key in self.keys if payload.get(key) is not None), None)
        if found is None:
            return None if self.count and str(payload.get(self.count)) == "0" else f"no {' or '.join(self.keys)}"
        return self._stranger(*found)

    def _stranger(self, key: str, value: t.Any) -> str | None:
        if not self.rows and (key == "jobIds" or not isinstance(value, list)):
            return None
        stranger = next((row for row in listed(value) if not isinstance(row, dict)), None)
        return None if stranger is None else f"{type(stranger).__name__} instead of an object in {key}"


def _rows(*keys: str, count: str | None = None) -> Promise:
    return Promise(keys, rows=True, count=count)


def _or_nothing(*keys: str) -> Promise:
    """A list for which {} means that there is nothing, or that it is not ready: whoever reads it looks for a second witness."""
    return Promise(keys, rows=True, empty=True)


def _one(*keys: str) -> Promise:
    return Promise(keys)


# A change says at least a code, in one of the API's envelopes. What was made has an id, which whoever makes it reads.
_DONE = Promise(("errorCode", "jobId", "processinginstructioninfo", *WRAPPERS), empty=True)
_MADE = Promise((), empty=True)
_STARTED = _one("jobIds", "jobId", "taskId")
_JOBS = "totalRecordsWithoutPaging"

_PROMISES: dict[str, Promise] = {
    "GET /Agent": _rows("agentProperties"),
    "GET /Client/byName": _rows("clientProperties"),
    "GET /Client/{}/CheckReadiness": _rows("summary"),
    "GET /Client/{}/browsefs": _rows("nodes"),
    "GET /Client/{}/SQL/Instance/{}/Browse": _rows("SqlDatabase", "sqlDatabase"),
    # Its form differs between releases; whoever reads it asks /sql/databases where it is not the one known.
    "GET /Client/{}/Sql/Instance/{}/DatabaseConfiguration": Promise(()),
    "GET /CommServ": _one("commcell"),
    "GET /Events": _rows("commservEvents"),
    "GET /GetId": _one("clientId"),
    "GET /Instance": _or_nothing("instanceProperties"),
    "GET /Instance/{}": _rows("instanceProperties"),
    "GET /Job/{}": _rows("jobs", count=_JOBS),
    "GET /Job/{}/TaskDetails": _one("taskInfo"),
    "GET /Organization": _rows("providers", count="filterQueryCount"),
    "GET /Organization/{}": _one("organizationInfo"),
    "GET /Security/{}/{}": _rows("securityAssociations"),
    "GET /StoragePool": _rows("storagePoolList"),
    "GET /StoragePool/{}": _one("storagePoolDetails"),
    "GET /Subclient": _or_nothing("subClientProperties"),
    "GET /Subclient/{}": _rows("subClientProperties"),
    "GET /Tags/{}/{}": _rows("tags"),
    "GET /V2/Plan/{}": _one("plan"),
    "GET /V2/Plan/{}/AssociatedEntities": _rows("entities"),
    "GET /V4/AccessNodes": _rows("accesNodes", "accessNodes"),
    "GET /V4/Company/{}/associations": _rows("associatedEntities"),
    "GET /V4/Credential": _rows("credentialManager"),
    "GET /V4/Databases": _rows("databases"),
    "GET /V4/Hypervisor": _rows("Hypervisors", count="HypervisorCount"),
    "GET /V4/Hypervisor/{}": _one("id"),
    "GET /V4/Instances": _rows("instances"),
    "GET /V4/Plan/BackupDestination/{}/Jobs": _rows("jobs"),
    "GET /V4/Plan/Summary": _rows("plans", count="plansCount"),
    "GET /V4/Regions": _rows("regions"),
    "GET /V4/Regions/{}": _one("id"),
    "GET /V4/Role": _rows("roles"),
    "GET /V4/Role/{}": _one("id", "name"),
    "GET /V4/ServerPlan/{}": _one("plan"),
    "GET /V4/Servers": _rows("servers", count="totalServers"),
    "GET /V4/Storage/{}/associatedCopies": _rows("copies"),
    "GET /V4/Storage/{}/{}": _one("id", "general", "encryption"),
    "GET /V4/TriggeredAlerts": _rows("alertsTriggered"),
    "GET /V4/TriggeredAlerts/{}": _one("id", "description"),
    "GET /V4/UserGroup": _rows("userGroups"),
    "GET /V4/UserGroup/{}": _one("id", "name"),
    "GET /V4/VMGroups": _rows("vmGroups"),
    "GET /V4/VirtualMachines": _rows("virtualMachines", count="virtualMachinesCount"),
    "GET /V4/VirtualMachines/{}": _one("vmDetails"),
    "GET /V4/VmGroup/{}": _one("id", "name"),
    "GET /V4/company": _rows("companies", count="companyCount"),
    "GET /V4/company/{}": _one("id", "general"),
    "GET /V4/entity/region": _rows("regions"),
    "GET /V4/user": _rows("users", count="numberOfUsers"),
    "GET /V4/user/{}": _one("id", "name"),
    "GET /V5/BlackoutWindow": _rows("blackoutWindows"),
    "GET /V5/BlackoutWindow/{}": _one("id", "name"),
    "GET /V5/Credential/{}": _one("id", "name"),
    "GET /VM": _rows("vmStatusInfoList", count="totalRecords"),
    "GET /sql/databases": _rows("SqlDatabase", "sqlDatabase"),
    "GET /sql/instances": _or_nothing("SqlInstance", "sqlInstance"),
    # These only read.
    "POST /DoBrowse": _or_nothing("browseResponses"),
    "POST /JobDetails": _one("job"),
    "POST /Jobs": _rows("jobs", count=_JOBS),
    "POST /SQL/RestoreOptions": _rows("sqlDestinationInstances", "sqlDbdeviceItem"),
    # What was started.
    "POST /CreateTask": _STARTED,
    "POST /Subclient/{}/action/backup": _STARTED,
    "POST /V4/VirtualMachines/{}/backup": _STARTED,
    "POST /V4/VmGroup/{}/backup": _STARTED,
}


def promise(method: str, path: str) -> Promise:
    """What a good reply to a call holds. path: below the base path.

    Raises BaasError for a reading call that is not in the table: what its reply means is then not known.
    """
    found = _PROMISES.get(f"{method} {template(path)}")
    if found:
        return found
    if method == "GET":
        raise BaasError(f"What the reply to {method} {template(path)} has to hold is not declared. This is a defect: please report it.")
    return _MADE if method == "POST" else _DONE


_FIRST = {"Security", "Tags", "Storage"}
"""Segments that are followed by a word that varies, as if it were an id."""


def template(path: str) -> str:
    """A path with {} for each id and name in it."""
    parts: list[str] = []
    for segment in path.split("/"):
        varies = segment.isdigit() or re.fullmatch(r"[0-9A-Fa-f%{}-]{8,}", segment) or (parts and parts[-1] in _FIRST)
        parts.append("{}" if varies else segment.partition("(")[0])
    return "/".join(parts)
