# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection: may change in any release.
"""The specifications of an inventory as they were given, with file and line of each part, for the rules of _service/specification.py.

Where a value stands is told by ansible-core's own marks, which are internal to it: without them all is found alike, but no place is named.
No secret is read: neither what the argument specification calls one, nor what is encrypted.
"""

from __future__ import annotations

import contextlib
import typing as t

from ansible.errors import AnsibleUndefinedVariable
from ansible.parsing.vault import EncryptedString
from ansible.template import Templar

from ansible_collections.calligo.baas.plugins.module_utils._service import specification
from ansible_collections.calligo.baas.plugins.module_utils._service.options import Specification
from ansible_collections.calligo.baas.plugins.module_utils._service.specification_shape import HIDDEN, Given

try:
    from ansible._internal._datatag import _tags as marks
except ImportError:  # another ansible-core
    marks = None  # type: ignore[assignment]
HAS_MARKS = marks is not None

Variables = t.Mapping[str, t.Any]
SWITCHES = ("tenant_onboarding_acceptance", "tenant_onboarding_first_backup")
PREFIXES = ("baas", "tenant_onboarding")
ANY: Specification = {"type": "raw"}
SHORTEST = 4  # letters of a secret; a shorter one cannot be told from other text


def host(raw: Variables, templar: Templar, given_to_run: t.Collection[str]) -> specification.Host:
    """A host from its variables, which are not templated yet."""
    inside = templar.copy_with_new_env(available_variables=t.cast(dict[str, t.Any], raw))
    read = dict.fromkeys(SWITCHES, ANY)
    read |= {f"{prefix}_{name}": specification.wanted(name) for prefix in PREFIXES for name in specification.BLOCKS}
    names = {str(key): key for key in raw}
    variables = {name: Given(None, *_place(key, raw[key])) for name, key in names.items()}
    known = {name: _given(raw[name], wanted, inside, variables[name]) for name, wanted in read.items() if name in raw}
    return specification.host({**variables, **known}, given_to_run)


def of_play(variables: Variables, raw: Variables) -> dict[str, t.Any]:
    """What the play says of all its hosts: blocks among the variables of a task that the host itself does not have.

    The defaults of the role, which only pass the inventory's blocks on, are no such.
    """
    names = [*SWITCHES, *(f"{prefix}_{name}" for prefix in PREFIXES for name in specification.BLOCKS)]
    found = {name: variables[name] for name in names if name in variables and name not in raw}
    return {name: value for name, value in found.items() if not str(value).startswith("{{ baas_")}


def _given(value: t.Any, wanted: Specification, templar: Templar, around: Given) -> Given:
    own = _at(value, around)
    if _is_sealed(value):
        return Given(None, own.file, own.line, sealed=True)
    if wanted.get("no_log"):
        return Given(HIDDEN, own.file, own.line)
    if isinstance(value, str):
        value, sealed, wrong = _evaluated(value, templar)
        if sealed or wrong or _is_sealed(value):
            return Given(None, own.file, own.line, sealed=not wrong, wrong=wrong)
    if isinstance(value, (t.Mapping, list, tuple)):
        place = around if around.file else own
        return Given(_parts(value, wanted, templar, own), place.file, place.line)
    return Given(str(value) if isinstance(value, str) else value, own.file, own.line)


def _parts(value: t.Any, wanted: Specification, templar: Templar, own: Given) -> t.Any:
    if isinstance(value, t.Mapping):
        known = wanted.get("options") or {}
        return {str(key): _given(part, known.get(key, ANY), templar, _at(key, own)) for key, part in value.items()}
    element = {**wanted, "type": wanted.get("elements", "raw")}
    return [_given(part, element, templar, _at(part, own)) for part in value]


def _is_sealed(value: t.Any) -> bool:
    return isinstance(value, EncryptedString) or (HAS_MARKS and marks.VaultedValue.is_tagged_on(value))


def _evaluated(value: str, templar: Templar) -> tuple[t.Any, bool, str]:
    """The value of a text, whether it is sealed, and why it has none. What Ansible says may hold what was read, and is not told."""
    if "{" not in value:
        return value, False, ""
    try:
        return templar.template(value), False, ""
    except AnsibleUndefinedVariable as error:
        return (
            None,
            False,
            str(error.message) if _says_names_alone(error) else "a variable in it is undefined",
        )
    except Exception as error:  # noqa: BLE001 - a lookup may raise anything
        return None, _needs_vault(error), "" if _needs_vault(error) else "it cannot be evaluated"


def _says_names_alone(error: Exception) -> bool:
    text = str(getattr(error, "message", ""))
    return text.endswith(" is undefined") and len(text) < 200


def _needs_vault(error: BaseException | None) -> bool:
    while error is not None:
        if "Vault" in type(error).__name__:
            return True
        error = error.__cause__ or error.__context__
    return False


def _at(key: t.Any, around: Given) -> Given:
    file, line = _place(key)
    return Given(None, file, line) if file else around


def _place(*values: t.Any) -> tuple[str | None, int | None]:
    """File and line of the first of the values that has some. What the command line gives has a description instead of a file."""
    for value in values if HAS_MARKS else ():
        origin = marks.Origin.get_tag(value)
        if origin and (origin.path or origin.description):
            return origin.path or origin.description, origin.line_num
    return None, None


def secrets(raws: t.Iterable[Variables]) -> set[str]:
    """What is encrypted in the variables of hosts and can be read, and no finding may hold."""
    found: set[str] = set()
    for raw in raws:
        _gather(raw, found)
    return {text for text in found if len(text) >= SHORTEST}


def _gather(value: t.Any, found: set[str]) -> None:
    if _is_sealed(value):
        with contextlib.suppress(Exception):  # without its password nobody can tell it
            found.add(str(value))
    elif isinstance(value, t.Mapping):
        for part in value.values():
            _gather(part, found)
    elif isinstance(value, (list, tuple)):
        for part in value:
            _gather(part, found)
