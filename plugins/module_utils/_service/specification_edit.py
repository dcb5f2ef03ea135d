# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection: may change in any release.
"""What a request changes in a tenant's specification, in the specification's own words, as a change of its files' texts."""

from __future__ import annotations

import re
import typing as t
import unicodedata

from .yaml_edit import Change, Path, changed, read

Row = t.Mapping[str, t.Any]
Texts = dict[str, str]
LONGEST = 260
"""Characters of a name: those of a Windows path. No name on the platforms is longer."""
TEMPLATES = ("{{", "{%", "{#")
BLOCKS = {"retention": "baas_plans", "vm": "baas_vm_backup", "file_server": "baas_file_backup", "sql_instance": "baas_sql_backup"}
"""What can be changed, and the variable that holds it."""
RULES = ("tags", "name_patterns")
"""What makes a VM group a rule, which takes VMs by what they are, and not by a list."""
NEW_FILES = {"retention": "", "vm": "", "file_server": "file_backup.yml", "sql_instance": "sql_backup.yml"}
"""The file for a variable that is in none yet; empty for one that a request cannot begin with."""
_REF = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_./-]{0,127}")


def edited(texts: Texts, kind: str, wanted: Row, new_file: str = "") -> Texts:
    """The files that change, with their new texts; none where the specification is so already.

    texts: the tenant's files by their names. kind: of BLOCKS. wanted: what it is to be.
    retention has plan, destination (all of them without one) and retention_days; vm has group, name, state and, to be an exception of the
    group, reason; file_server has client, state and definition; sql_instance has client, name, state and definition.
    new_file: for a variable that is in no file yet; without a name there can be none.
    Raises ValueError, which names the thing, where there is no such plan, group, and so on, or a file cannot be changed like this.
    """
    for value in _values(wanted):
        require_plain(value)
    variable = BLOCKS[kind]
    file = _home(texts, variable, new_file)
    text = texts.get(file, "---\n")
    data = (_read(file, text) or {}).get(variable)
    if isinstance(data, str):
        raise ValueError(f"{variable} in {file} is a template, which stands for something elsewhere. Change it by hand.")  # noqa: TRY004
    try:
        found = changed(text, _CHANGES[kind](data, wanted, (variable,)))
    except (AttributeError, TypeError, KeyError) as error:
        raise ValueError(f"{variable} in {file} is not as specifications are ({type(error).__name__}). Correct it first.") from None
    except ValueError as error:
        raise ValueError(f"{file}: {error}") from None
    return {} if found == text else {file: found}


def require_plain(value: str) -> None:
    """Raise ValueError for a text that no name or description is, and that could do harm where it is read again.

    That is a template, which Ansible would run; a character that is not seen, or changes the order in which a line is read; and length.
    """
    shown = ascii(value[:60])
    if len(value) > LONGEST:
        raise ValueError(f"{shown}... has {len(value)} characters, and no name has more than {LONGEST}.")
    if any(unicodedata.category(char) in ("Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp") for char in value):
        raise ValueError(f"{shown} has characters that are not seen or change how it is read. Give it without them.")
    if any(mark in value for mark in TEMPLATES):
        raise ValueError(f"{shown} looks like a template of Ansible, and is no name.")


def require_commit(asked: Row) -> None:
    """Raise ValueError where a commit's message, author, remote or branch is none, or could be taken for something else."""
    for name in ("commit_message", "author_name", "author_email"):
        require_plain(asked[name])
        if not asked[name].strip() or any(char in asked[name] for char in "<>"):
            raise ValueError(f"{name} is {asked[name]!a}, and has to be a line of text without < and >.")
    for name in ("remote", "branch"):
        if asked[name] and (not _REF.fullmatch(asked[name]) or ".." in asked[name]):
            raise ValueError(f"{name} is {asked[name][:60]!a}, which is no name of one.")


def same(one: t.Any, other: t.Any) -> bool:
    """Whether two names are one, as Commvault and vCenter compare them."""
    return str(one).casefold() == str(other).casefold()


def _values(wanted: t.Any) -> t.Iterator[str]:
    if isinstance(wanted, t.Mapping):
        for key, value in wanted.items():
            yield str(key)
            yield from _values(value)
    elif isinstance(wanted, (list, tuple)):
        for value in wanted:
            yield from _values(value)
    elif isinstance(wanted, str):
        yield wanted


def _home(texts: Texts, variable: str, new_file: str) -> str:
    """The file that holds a variable."""
    homes = [file for file, text in texts.items() if variable in (_read(file, text) or {})]
    if len(homes) > 1:
        raise ValueError(f"{variable} is in several files of the tenant: {', '.join(sorted(homes))}. Keep it in one of them.")
    if not homes and not new_file:
        raise ValueError(f"{variable} is in none of the tenant's own files. What a group holds is others', too.")
    return homes[0] if homes else new_file


def _read(file: str, text: str) -> dict[str, t.Any] | None:
    if text.startswith("$ANSIBLE_VAULT"):
        return None
    try:
        found = read(text)
    except ValueError as error:
        raise ValueError(f"{file} cannot be read: {error}.") from None
    if found is not None and not isinstance(found, dict):
        raise ValueError(f"{file} holds no variables.")
    return found


def _index(rows: t.Iterable[Row], key: str, name: str) -> int | None:
    return next((place for place, row in enumerate(rows or ()) if same(row[key], name)), None)


def _required(rows: t.Any, key: str, name: str, what: str) -> int:
    found = _index(rows or (), key, name)
    if found is None:
        known = ", ".join(str(row[key]) for row in rows or ()) or "none"
        raise ValueError(f"the specification has no {what} {name!a}. It has: {known}.")
    return found


# What each kind of change comes to


def _retention(plans: t.Any, wanted: Row, place: Path) -> list[Change]:
    plan = _required(plans, "name", wanted["plan"], "plan")
    rows = plans[plan].get("destinations") or []
    only = wanted.get("destination")
    chosen = [_required(rows, "name", only, "copy")] if only else range(len(rows))
    days = _days(str(wanted["retention_days"]).strip())
    return [
        Change("set", (*place, plan, "destinations", row, "retention_days"), days)
        for row in chosen
        if str(rows[row].get("retention_days")) != str(days)
    ]


def _days(text: str) -> t.Any:
    if text == "infinite":
        return text
    if not re.fullmatch(r"[1-9][0-9]{0,3}", text):
        raise ValueError(f'a retention is days from 1 to 9999, or "infinite", and not {text[:60]!a}.')
    return int(text)


def _vm(block: t.Any, wanted: Row, place: Path) -> list[Change]:
    groups: t.Any = (block or {}).get("groups")
    number = _required(groups, "name", wanted["group"], "VM group")
    group, name, here = groups[number], wanted["name"], (*place, "groups", number)
    excluded = (group.get("exclude") or {}).get("vms")
    is_rule = any(group.get(key) for key in RULES)
    if wanted["state"] == "absent":
        gone = [*_dropped(group.get("vms"), name, (*here, "vms")), *_exception(group, name, None, here)]
        taken_anyway = is_rule or group.get("folders")
        return [*gone, *(_listed(excluded, name, (*here, "exclude", "vms"), "exclude" in group) if taken_anyway else ())]
    back = _dropped(excluded, name, (*here, "exclude", "vms"))
    if is_rule and not back and not wanted.get("reason"):
        raise ValueError(f"the VM group {group['name']} takes VMs by tags or names. Give the VM what the group looks for.")
    whole = is_rule or "" in [str(folder).strip("/") for folder in group.get("folders") or []]
    return [
        *back,
        *([] if whole else _listed(group.get("vms"), name, (*here, "vms"))),
        *_exception(group, name, wanted.get("reason"), here),
    ]


def _exception(group: Row, name: str, reason: str | None, here: Path) -> list[Change]:
    rows = group.get("backup_exceptions") or []
    known = _index(rows, "vm", name)
    if reason is None:
        return [] if known is None else [Change("remove", (*here, "backup_exceptions", known))]
    if known is None:
        return [Change("append", (*here, "backup_exceptions"), {"vm": name, "reason": reason})]
    return [] if rows[known]["reason"] == reason else [Change("set", (*here, "backup_exceptions", known, "reason"), reason)]


def _listed(names: t.Any, name: str, place: Path, above: bool = True) -> list[Change]:
    """Have a name in a list of names. above: whether that which holds the list is there."""
    if any(same(known, name) for known in names or ()):
        return []
    return [Change("append", place, name)] if above else [Change("set", place[:-1], {str(place[-1]): [name]})]


def _dropped(names: t.Any, name: str, place: Path) -> list[Change]:
    found = [number for number, known in enumerate(names or ()) if same(known, name)]
    return [Change("remove", (*place, number)) for number in reversed(found)]


def _file_server(block: t.Any, wanted: Row, place: Path) -> list[Change]:
    servers: t.Any = (block or {}).get("servers")
    known = _index(servers or (), "client", wanted["client"])
    if wanted["state"] == "absent":
        return [] if known is None else [Change("remove", (*place, "servers", known))]
    definition = {"client": wanted["client"], **wanted["definition"]}
    if known is None:
        return _new(block, definition, place)
    return _unchanged(f"The file server {wanted['client']}", servers[known], definition)


def _sql_instance(block: t.Any, wanted: Row, place: Path) -> list[Change]:
    servers: t.Any = (block or {}).get("servers")
    server = _index(servers or (), "client", wanted["client"])
    instances = [] if server is None else servers[server].get("instances") or []
    known = _index(instances, "name", wanted["name"])
    if wanted["state"] == "absent":
        if known is None or server is None:
            return []
        alone = len(instances) == 1
        return [Change("remove", (*place, "servers", server) if alone else (*place, "servers", server, "instances", known))]
    definition = {"name": wanted["name"], **wanted["definition"]}
    if server is None:
        return _new(block, {"client": wanted["client"], "instances": [definition]}, place)
    if known is None:
        return [Change("append", (*place, "servers", server, "instances"), definition)]
    return _unchanged(f"The instance {wanted['name']}", instances[known], definition)


def _new(block: t.Any, server: Row, place: Path) -> list[Change]:
    return [Change("append", (*place, "servers"), server)] if block else [Change("set", place, {"servers": [server]})]


def _unchanged(what: str, known: Row, definition: Row) -> list[Change]:
    different = sorted(key for key in definition if known.get(key) != definition[key])
    if different:
        raise ValueError(f"{what} is in the specification already, with another {' and '.join(different)}. Change it by hand.")
    return []


_CHANGES: t.Mapping[str, t.Callable[[t.Any, Row, Path], list[Change]]] = {
    "retention": _retention,
    "vm": _vm,
    "file_server": _file_server,
    "sql_instance": _sql_instance,
}
