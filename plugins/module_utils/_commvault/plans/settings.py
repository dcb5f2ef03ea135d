# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection: may change in any release.
"""What a server plan says beside destinations and schedules: content, override rules, snapshot and database options, the base plan.

Sources: OpenAPI CreateServerPlan, GetPlanById, ModifyPlan. A server may not give back all that was written (api notes of the vendor's
Terraform provider), so that what it does not tell is not compared.
"""

from __future__ import annotations

import typing as t

from ..._core.compare import Comparer
from ..._core.errors import InputError, Refused
from ..wire.lookup import same_name
from ..wire.replies import listed, number, part

Json = dict[str, t.Any]
Record = dict[str, t.Any]

PATHS = {
    f"{system}_{kind}": f"{system}{key}"
    for system in ("windows", "unix")
    for kind, key in (("included", "IncludedPaths"), ("excluded", "ExcludedPaths"), ("exceptions", "FilterToExcludePaths"))
}
SWITCHES = {
    "system_state": "backupSystemState",
    "system_state_with_vss": "useVSSForSystemState",
    "system_state_only_with_full": "backupSystemStateOnlyWithFullBackup",
}
RULES = {"optional": "OPTIONAL", "must": "MUST", "not_allowed": "NOT_ALLOWED"}
RESTRICTIONS = {"destinations": "storagePool", "rpo": "RPO", "content": "backupContent"}
INHERITED = {"destinations": "backupDestination", "rpo": "rpo", "content": "backupContent"}
"""Our words for the parts of a derived plan, as overrideInheritSettings spells them."""
SNAPSHOT = {"enable_backup_copy": "enableBackupCopy", "backup_copy_rpo_minutes": "backupCopyRPOMins"}
DATABASE = {"log_rpo_minutes": "logBackupRPOMins", "use_disk_cache": "useDiskCacheForLogBackups", "commit_hours": "commitFrequencyInHours"}
SPELLED = {
    "content": ("backupContent", PATHS | SWITCHES),
    "snapshot_options": ("snapshotOptions", SNAPSHOT),
    "database_options": ("databaseOptions", DATABASE),
}
"""Options whose parts the server may not tell: their keys in the API, of the whole and of each part."""

SETTING_OPTIONS: dict[str, t.Any] = {
    "base_plan": {"type": "str"},
    "inherit": {"type": "list", "elements": "str", "choices": ["rpo", "content"]},
    "content": {
        "type": "dict",
        "options": {
            **{name: {"type": "list", "elements": "str"} for name in PATHS},
            **{name: {"type": "bool"} for name in SWITCHES},
        },
    },
    "allow_override": {"type": "bool"},
    "confirm_allow_override": {"type": "bool", "default": False},
    "override_restrictions": {"type": "dict", "options": {name: {"type": "str", "choices": list(RULES)} for name in RESTRICTIONS}},
    "snapshot_options": {
        "type": "dict",
        "options": {"enable_backup_copy": {"type": "bool"}, "backup_copy_rpo_minutes": {"type": "int"}},
    },
    "database_options": {
        "type": "dict",
        "options": {"log_rpo_minutes": {"type": "int"}, "use_disk_cache": {"type": "bool"}, "commit_hours": {"type": "int"}},
    },
}


def wanted(params: Json) -> Record:
    """The settings of a task, without what is not said. Raises InputError."""
    inherit = params["inherit"] or []
    groups = {name: _said(params[name]) for name in ("content", "override_restrictions", "snapshot_options", "database_options")}
    given = {"rpo": params["schedules"] or params["backup_window"] or params["full_backup_window"], "content": groups["content"]}
    twice = [name for name in inherit if given[name]]
    if twice:
        raise InputError(f"inherit: {', '.join(twice)} cannot be the base plan's and given here as well.")
    record: Record = {name: group for name, group in groups.items() if group}
    record |= {name: params[name] for name in ("allow_override", "base_plan") if params[name] is not None}
    return {**record, "inherited": sorted(inherit)} if inherit else record


def _said(options: Json | None) -> Record:
    return {key: value for key, value in (options or {}).items() if value is not None}


def read(detail: Json) -> Record:
    """The settings of a plan's detail; what the server does not tell is None or left out."""
    base = part(detail, "inheritSettings", "basePlan")
    return {
        "content": _read_content(detail.get("backupContent")),
        "allow_override": bool(detail.get("allowPlanOverride", False)),
        "override_restrictions": _read_restrictions(part(detail, "overrideRestrictions")),
        "snapshot_options": _renamed(part(detail, "snapshotOptions"), SNAPSHOT),
        "database_options": _read_database(detail),
        "base_plan": base.get("name") or None,
        "inherited": _read_inherited(detail) if base.get("id") else [],
    }


def untold(want: Record, have: Record) -> list[str]:
    """Names of wanted settings that the server does not tell, such as content.unix_included."""
    return [f"{key}.{name}" for key in SPELLED if key in want for name in want[key] if name not in (have[key] or {})]


def told(want: Record, have: Record) -> Record:
    """The part of the wanted settings that can be compared with what the server tells."""
    result = {}
    for key, value in want.items():
        if key in SPELLED:
            known = {name: item for name, item in value.items() if name in (have[key] or {})}
            if known:
                result[key] = known
        else:
            result[key] = value
    return result


def to_api(settings: Record) -> Json:
    """The settings as both the creation and the change of a plan take them; the base plan is not among them."""
    body = {
        key: {spelled[name]: value for name, value in settings[option].items()}
        for option, (key, spelled) in SPELLED.items()
        if option in settings
    }
    if "override_restrictions" in settings:
        body["overrideRestrictions"] = {RESTRICTIONS[name]: RULES[value] for name, value in settings["override_restrictions"].items()}
    return {**body, **({"allowPlanOverride": settings["allow_override"]} if "allow_override" in settings else {})}


def overrides(current: Record, changed: Record) -> Json:
    """overrideInheritSettings of a change: what a derived plan takes over from its base, and what it gives back."""
    if not current["base_plan"]:
        return {}
    mine = {
        "rpo": {"schedules", "backup_window", "full_backup_window", "sla_days", "database_options"} & changed.keys(),
        "content": {"content"} & changed.keys(),
    }
    back = set(changed.get("inherited", [])) - set(current["inherited"])
    taken = {INHERITED[name]: True for name, keys in mine.items() if keys and name in current["inherited"]}
    return taken | {INHERITED[name]: False for name in back}


def refuse_one_way(name: str, current: Record, changed: Record, confirmed: bool) -> None:
    """What cannot be undone needs a confirmation, what cannot be done at all is refused."""
    if changed.get("allow_override") is False:
        raise Refused(
            f'The plan "{name}" allows that plans are derived from it, and Commvault cannot take that back. Leave out allow_override, '
            "or set override_restrictions to not_allowed.",
            object=name,
        )
    if changed.get("allow_override") and not confirmed:
        raise Refused(
            f'Once plans may be derived from "{name}", Commvault cannot take that back. Set confirm_allow_override if this is meant.',
            object=name,
        )
    if "base_plan" in changed:
        have = f'is derived from "{current["base_plan"]}"' if current["base_plan"] else "is not derived from another"
        raise Refused(
            f'The plan "{name}" {have}; Commvault cannot change the base plan to "{changed["base_plan"]}". Make a new plan.', object=name
        )
    if "destinations" in changed and "destinations" in current["inherited"]:
        raise Refused(
            f'The plan "{name}" takes its destinations from the base plan "{current["base_plan"]}". Change them there, or leave them out.',
            object=name,
        )


def same_content(want: Record, have: Record | None) -> bool:
    """Lists of paths without regard to order, for Windows without regard to case."""
    return all(_same(name, value, (have or {}).get(name)) for name, value in want.items())


def includes(want: list[str], have: list[str]) -> bool:
    return set(want) <= set(have)


COMPARERS: dict[str, Comparer] = {
    "content": same_content,
    "inherited": includes,
    "base_plan": same_name,
}


def _same(name: str, want: t.Any, have: t.Any) -> bool:
    if name in SWITCHES:
        return bool(want == have)
    fold = str.casefold if name.startswith("windows") else str
    return {fold(path) for path in want} == {fold(path) for path in have or []}


def _read_content(content: Json | None) -> Record | None:
    """None: the server tells nothing. A server that tells one list tells all: an empty one may be left out of a reply, as may false."""
    if content is None:
        return None
    record: Record = {name: bool(content.get(key, False)) for name, key in SWITCHES.items()}
    if any(key in content for key in PATHS.values()):
        record |= {name: list(content.get(key) or []) for name, key in PATHS.items()}
    return record


def _read_restrictions(restrictions: Json) -> Record:
    spelled = {value: key for key, value in RULES.items()}
    return {name: spelled.get(str(restrictions.get(key)), "optional") for name, key in RESTRICTIONS.items()}


def _read_database(detail: Json) -> Record:
    """From databaseOptions, or where the server leaves them out from the log schedule, which is what they are about."""
    found = _renamed(part(detail, "databaseOptions"), DATABASE)
    if found:
        return found
    for row in listed(part(detail, "rpo", "backupFrequency").get("schedules")):
        if row.get("backupType") == "TRANSACTIONLOG" and row.get("forDatabasesOnly"):
            minutes = number(row, "schedulePattern", "maxBackupIntervalInMins")
            return _renamed({**part(row, "scheduleOption"), **({"logBackupRPOMins": minutes} if minutes else {})}, DATABASE)
    return {}


def _read_inherited(detail: Json) -> list[str]:
    settings = part(detail, "inheritSettings")
    return sorted(name for name, key in RESTRICTIONS.items() if not part(settings, key).get("overridden", False))


def _renamed(row: Json, names: dict[str, str]) -> Record:
    return {name: row[key] for name, key in names.items() if row.get(key) is not None}
