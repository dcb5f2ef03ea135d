# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The JSON Schema of a specification from the roles' argument specifications, so that an editor shows mistakes while typing."""

from __future__ import annotations

import json
import re
import typing as t
from pathlib import Path

from ansible.module_utils.parsing.convert_bool import BOOLEANS

from ansible_collections.calligo.baas.plugins.module_utils._service import options, specification
from ansible_collections.calligo.baas.plugins.module_utils._service.specification_shape import FORMATS

Schema = dict[str, t.Any]

FILE = Path(__file__).resolve().parents[1] / "docs" / "schemas" / "specification.json"
TEMPLATE = r"\{\{"
"""What makes a text an expression, of which an editor cannot tell the value."""
WORDS = "|".join(
    sorted({word.capitalize() for word in BOOLEANS if isinstance(word, str)} | {word for word in BOOLEANS if isinstance(word, str)})
)
SCALARS: t.Mapping[str, Schema] = {
    "bool": {"type": ["boolean", "string"], "pattern": rf"^({WORDS})$|{TEMPLATE}"},
    "float": {"type": ["number", "string"], "pattern": rf"^-?\d+(\.\d+)?$|{TEMPLATE}"},
    "int": {"type": ["integer", "string"], "pattern": rf"^-?\d+$|{TEMPLATE}"},
    "path": {"type": "string"},
    "str": {"type": ["string", "number", "boolean"]},
}


def schema() -> Schema:
    """The schema of a file of host_vars or group_vars: the blocks of a specification, beside whatever else stands there."""
    blocks = {f"baas_{name}": of_option(specification.wanted(name), name) for name in specification.BLOCKS}
    others = "|".join(sorted(name.removeprefix("baas_") for name in options.INVENTORY))
    return {
        "$schema": "http://json-schema.org/draft-07/schema#",
        "title": "Specification of a tenant of calligo.baas",
        "description": "Variables of an inventory, in host_vars/<tenant>/ and group_vars/region_<name>/.",
        "type": "object",
        "properties": blocks,
        # What begins with baas_ and is no variable of the collection is misspelt.
        "patternProperties": {f"^baas_(?!({others})$)": False},
    }


def of_option(wanted: t.Mapping[str, t.Any], name: str) -> Schema:
    """The schema of an option and all that is in it."""
    return {"description": _text(wanted["description"]), **_shape(wanted, name)} if "description" in wanted else _shape(wanted, name)


def _shape(wanted: t.Mapping[str, t.Any], name: str) -> Schema:
    kind = wanted.get("type", "str")
    if kind == "list":
        element = {key: value for key, value in wanted.items() if key != "description"} | {"type": wanted.get("elements", "str")}
        return {"type": ["array", "string"], "items": _shape(element, name), "pattern": TEMPLATE}
    if kind == "dict":
        return _dictionary(wanted)
    if wanted.get("choices"):
        return {
            "anyOf": [
                {"enum": [*wanted["choices"], *([False] if "off" in wanted["choices"] else [])]},
                {"type": "string", "pattern": TEMPLATE},
            ]
        }
    if name in FORMATS:
        return {"type": ["string", "integer"], "pattern": f"^({FORMATS[name][0]})$|{TEMPLATE}", **_numbers(name)}
    return dict(SCALARS[kind])


def _numbers(name: str) -> Schema:
    """A number is judged as one: a pattern says nothing of it."""
    return {"minimum": -1, "maximum": 9999} if name == "retention_days" else {"type": "string"}


def _dictionary(wanted: t.Mapping[str, t.Any]) -> Schema:
    known = wanted.get("options") or {}
    made: Schema = {"type": ["object", "string"], "pattern": TEMPLATE}
    if known:
        made |= {"properties": {name: of_option(option, name) for name, option in known.items()}, "additionalProperties": False}
        made |= {"required": required} if (required := [name for name, option in known.items() if option.get("required")]) else {}
    return made


def _text(description: t.Any) -> str:
    """A description as people read it, without Ansible's marks."""
    lines = [description] if isinstance(description, str) else description
    return re.sub(r"\b[CVOMP]\(([^)#]*)(#\w+)?\)", r"\1", " ".join(lines))


def text() -> str:
    """What stands in the file."""
    return json.dumps(schema(), indent=1, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    FILE.parent.mkdir(exist_ok=True)
    FILE.write_text(text(), encoding="utf-8")
