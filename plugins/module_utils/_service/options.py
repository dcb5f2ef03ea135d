# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection: may change in any release.
"""Options of roles as their argument specifications have them, in whatever form they were given."""

from __future__ import annotations

import difflib
import functools
import typing as t
from pathlib import Path

from ansible.module_utils.common.validation import (
    check_type_bool,
    check_type_dict,
    check_type_float,
    check_type_int,
    check_type_list,
    check_type_path,
    check_type_str,
)
from ansible.module_utils.common.yaml import yaml_load
from ansible.module_utils.parsing.convert_bool import BOOLEANS_FALSE, BOOLEANS_TRUE

Specification = t.Mapping[str, t.Any]

ROLES = Path(__file__).resolve().parents[3] / "roles"


def option(value: t.Any, name: str) -> t.Any:
    """The value of a role's option in the types of its argument specification, down to the last list element.

    Ansible validates the options of a role but leaves them as they are, and what comes from the command line, a survey or a runner is
    text: "false" is true, and a text is a list of letters. name: of the option, which begins with the role's.
    Raises ValueError for what cannot be converted, KeyError for an option that no role has.
    """
    try:
        return converted(value, specification(name))
    except TypeError as error:
        raise ValueError(f"{name}: {error}") from None


def specification(name: str) -> Specification:
    """What the role that an option belongs to says of it."""
    role = next((role for role in roles() if name.startswith(f"{role}_")), "")
    return t.cast(Specification, options(role)[name])


@functools.cache
def roles() -> tuple[str, ...]:
    """The names of the roles."""
    return tuple(sorted(path.parts[-3] for path in ROLES.glob("*/meta/argument_specs.yml")))


@functools.cache
def options(role: str) -> dict[str, t.Any]:
    """The options of a role."""
    text = (ROLES / role / "meta" / "argument_specs.yml").read_text(encoding="utf-8")
    return t.cast(dict[str, t.Any], yaml_load(text)["argument_specs"]["main"]["options"])


INVENTORY = frozenset(
    f"baas_{name}"
    for name in (
        *("commvault", "vcenter", "region", "tenant", "plans", "vm_backup", "file_backup", "sql_backup"),
        *("evidence_dir", "itsm", "clock_margin", "poll_seconds", "throttle"),
        *("requests_dir", "calendar", "specification"),
    )
)
"""The variables of the inventory that the roles' defaults and the playbooks read."""


FACTS = {"vm_backup": {"vm_backup_folder_problems"}}
"""What roles set beside their results."""


def misspelt(variables: t.Iterable[str], *roles: str) -> list[str]:
    """A sentence or two for each variable that unread() tells."""
    return [f"{name} is no variable of this collection. {advice}" for name, advice in unread(variables, *roles).items()]


def unread(variables: t.Iterable[str], *roles: str) -> dict[str, str]:
    """The variables that look like one of this collection, or like an option of one of the roles, and are none, with what to do about it.

    A block of a specification that is misspelt would be left out, and what it names would not be protected.
    variables: the names of all that a host has.
    """
    known = INVENTORY.union(*({*options(role), f"{role}_result", *FACTS.get(role, ())} for role in roles))
    prefixes = ("baas_", *(f"{role}_" for role in roles))
    unknown = sorted(name for name in variables if name.startswith(prefixes) and name not in known)
    return {name: advice(name, known, "Give a variable of your own another beginning.") for name in unknown}


def advice(name: str, known: t.Collection[str], otherwise: str) -> str:
    """What was probably meant by a name that is none of those that are known."""
    near = difflib.get_close_matches(name, sorted(known), 1, cutoff=0.75)
    return f"Did you mean {near[0]}?" if near else otherwise


def converted(value: t.Any, wanted: Specification) -> t.Any:
    """A value in the type that is wanted, down to its last part. Raises ValueError or TypeError."""
    kind = wanted.get("type", "str")
    if value is None:
        return None
    if kind == "list":
        element = {**wanted, "type": wanted.get("elements", "str")}
        return [converted(one, element) for one in listed(value)]
    if kind == "dict":
        known = wanted.get("options") or {}
        return {key: converted(part, known[key]) if key in known else part for key, part in check_type_dict(value).items()}
    if kind == "str" and isinstance(value, bool):
        # YAML reads off and on as truth; Ansible takes such a value for the choice of that name.
        meant = [choice for choice in wanted.get("choices") or [] if choice in (BOOLEANS_TRUE if value else BOOLEANS_FALSE)]
        return meant[0] if len(meant) == 1 else check_type_str(value)
    return SCALARS[kind](value)


def listed(value: t.Any) -> list[t.Any]:
    """A list, of what may be one in a text. Raises TypeError."""
    if isinstance(value, str):
        return [part.strip() for part in value.split(",")] if value.strip() else []
    return t.cast(list[t.Any], check_type_list(value))


SCALARS: t.Mapping[str, t.Callable[[t.Any], t.Any]] = {
    "bool": check_type_bool,
    "float": check_type_float,
    "int": check_type_int,
    "path": check_type_path,
    "str": check_type_str,
}
