# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Judges what went over the wire by the vendor's OpenAPI document, which is not part of this repository.

The environment variable BAAS_OPENAPI holds its path. Objects are taken as closed: a key, or a query parameter, that the document does
not name is a deviation too, so that a misspelled key cannot hide behind the schema language's openness.
"""

from __future__ import annotations

import dataclasses as dc
import functools
import os
import re
import typing as t
from pathlib import Path

import yaml
from jsonschema import Draft202012Validator, FormatChecker
from jsonschema.exceptions import ValidationError
from referencing import Registry
from referencing.jsonschema import DRAFT202012

from ansible_collections.calligo.baas.tests.contract.wire import Exchange

Json = dict[str, t.Any]
VARIABLE = "BAAS_OPENAPI"
ROOT = "urn:openapi"
HERE = Path(__file__).resolve().parent
KEPT = ("type", "enum", "format", "minimum", "maximum", "minLength", "minItems", "uniqueItems")
FORMATS = FormatChecker(formats=())


def _fits(value: t.Any) -> bool:
    return not isinstance(value, int) or isinstance(value, bool) or -(2**31) <= value < 2**31


FORMATS.checks("int32")(_fits)


@dc.dataclass(frozen=True, order=True)
class Deviation:
    """One disagreement. call: method and the document's path. side: request or reply. where: keys, "*" for any list element."""

    call: str
    side: str
    where: str
    rule: str
    text: str = dc.field(default="", compare=False)

    def __str__(self) -> str:
        return f"{self.call} {self.side} at {self.where or 'its top'}: {self.rule} ({self.text})"


class Document:
    """The vendor's document, ready to judge."""

    def __init__(self, content: Json) -> None:
        self._content = content
        self._schemas: Json = content["components"]["schemas"]
        closed = {name: self._closed(schema) for name, schema in self._schemas.items()}
        resource = DRAFT202012.create_resource({"components": {"schemas": closed}})
        self._registry: Registry[t.Any] = Registry().with_resource(ROOT, resource)
        self._paths = [
            (re.compile(re.sub(r"\\\{\w+\\\}", "[^/]+", re.escape(path)) + "/?", re.IGNORECASE), path) for path in content["paths"]
        ]
        # The most literal path wins: .../VmGroup/Preview before .../VmGroup/{VmGroupId}.
        self._paths.sort(key=lambda pair: pair[1].count("{"))

    def operation(self, method: str, path: str) -> tuple[str, Json] | None:
        """The document's path and operation for a call, or None where it describes none."""
        for pattern, template in self._paths:
            found = self._content["paths"][template].get(method.lower())
            if found and pattern.fullmatch(path):
                return template, found
        return None

    def judge(self, exchange: Exchange) -> list[Deviation]:
        """All that is wrong with a request and its reply."""
        found = self.operation(exchange.method, exchange.path)
        if found is None:
            # No template to name it by: numbers would make every run another deviation.
            path = re.sub(r"/\d+", "/{id}", exchange.path)
            return [Deviation(f"{exchange.method} {path}", "request", "", "path", "the document does not describe this call")]
        template, operation = found
        call = f"{exchange.method} {template}"
        known = {
            parameter["name"].casefold() for parameter in map(self._resolved, operation.get("parameters", ())) if parameter["in"] == "query"
        }
        out = [Deviation(call, "request", f"?{name}", "query") for name in exchange.query if name.casefold() not in known]
        body = _json(self._resolved(operation.get("requestBody", {})))
        if body:
            out += self._check(call, "request", body, exchange.request)
        elif exchange.request:
            out += [Deviation(call, "request", "", "body", "a body where none is described")]
        answer = operation["responses"].get(str(exchange.status)) or operation["responses"].get("default")
        if answer is None:
            out.append(Deviation(call, "reply", "", f"status {exchange.status}", "not among the described ones"))
        elif (schema := _json(self._resolved(answer))) and exchange.reply is not None:
            out += self._check(call, "reply", schema, exchange.reply)
        return sorted(set(out))

    def keys(self, method: str, path: str, side: str) -> set[str]:
        """All keys, at any depth, that an operation's request or successful reply may have; for a request its query parameters too."""
        found = self.operation(method, path)
        if found is None:
            return set()
        operation = found[1]
        parts = [self._resolved(operation.get("requestBody", {}))] if side == "request" else []
        parts += [self._resolved(answer) for status, answer in operation["responses"].items() if side == "reply" and status.startswith("2")]
        keys: set[str] = set()
        for part in parts:
            self._collect(_json(part), keys, set())
        if side == "request":
            keys |= {self._resolved(parameter)["name"] for parameter in operation.get("parameters", ())}
        return keys

    def _check(self, call: str, side: str, schema: Json, instance: t.Any) -> list[Deviation]:
        validator = Draft202012Validator(self._closed(schema), registry=self._registry, format_checker=FORMATS)
        return self._told(call, side, validator.iter_errors(instance))

    def _told(self, call: str, side: str, errors: t.Iterable[ValidationError]) -> list[Deviation]:
        out = []
        for error in errors:
            steps = ["*" if isinstance(step, int) else str(step) for step in error.absolute_path]
            text = error.message if len(error.message) < 160 else error.message[:157] + "..."
            if error.validator == "additionalProperties":
                names = set(error.instance) - set(error.schema.get("properties", ()))
                out += [Deviation(call, side, ".".join([*steps, name]), "unknown key", text) for name in names]
            elif error.validator == "required":
                names = set(error.validator_value) - set(error.instance)
                out += [Deviation(call, side, ".".join([*steps, name]), "required", text) for name in names]
            elif error.validator == "anyOf":
                # What is wrong with the alternative that comes nearest says more than that none fits.
                branches: dict[t.Any, list[ValidationError]] = {}
                for inner in error.context or ():
                    branches.setdefault(inner.schema_path[0], []).append(inner)
                told = [self._told(call, side, branch) for branch in branches.values()]
                # A wrong word for the kind of thing means that another kind is spoken of.
                nearest: list[Deviation] = min(told, key=_distance)
                out += nearest
            else:
                out.append(Deviation(call, side, ".".join(steps), str(error.validator), text))
        return out

    def _resolved(self, node: Json) -> Json:
        while "$ref" in node:
            target: t.Any = self._content
            for step in node["$ref"].removeprefix("#/").split("/"):
                target = target[step]
            node = target
        return node

    def _closed(self, schema: Json) -> Json:
        """An OpenAPI 3.0 schema in the words of JSON Schema, its parts (allOf) joined to one, and closed against unknown keys."""
        if "$ref" in schema:
            return {"$ref": ROOT + schema["$ref"]}
        joined = self._joined(schema)
        out = {key: joined[key] for key in KEPT if key in joined}
        if "oneOf" in joined:
            out["anyOf"] = [self._closed(one) for one in joined["oneOf"]]
        if "items" in joined:
            out["items"] = self._closed(joined["items"])
        if joined.get("properties"):
            out["properties"] = {name: self._closed(part) for name, part in joined["properties"].items()}
            out["additionalProperties"] = joined.get("additionalProperties", False)
            out["required"] = joined.get("required", [])
        if joined.get("nullable") and "type" in out:
            out["type"] = [out["type"], "null"]
            if "enum" in out:
                out["enum"] = [*out["enum"], None]
        return out

    def _joined(self, schema: Json) -> Json:
        whole = {key: value for key, value in schema.items() if key != "allOf"}
        for part in schema.get("allOf", ()):
            inner = self._joined(self._resolved(part))
            properties = {**inner.get("properties", {}), **whole.get("properties", {})}
            required = [*inner.get("required", []), *whole.get("required", [])]
            whole = {**inner, **whole, **({"properties": properties} if properties else {}), **({"required": required} if required else {})}
        return whole

    def _collect(self, schema: Json | None, keys: set[str], seen: set[int]) -> None:
        node = self._joined(self._resolved(schema or {}))
        if id(self._resolved(schema or {})) in seen:
            return
        seen.add(id(self._resolved(schema or {})))
        for name, part in node.get("properties", {}).items():
            keys.add(name)
            self._collect(part, keys, seen)
        for part in [node.get("items"), *node.get("oneOf", ())]:
            if part:
                self._collect(part, keys, seen)


def _distance(branch: list[Deviation]) -> tuple[int, int]:
    return sum(one.rule == "enum" for one in branch), len(branch)


def _json(node: Json) -> Json | None:
    schema: Json | None = ((node.get("content") or {}).get("application/json") or {}).get("schema")
    return schema


@functools.cache
def document() -> Document | None:
    """The document that BAAS_OPENAPI names; None where it names none."""
    path = os.environ.get(VARIABLE)
    return Document(yaml.load(Path(path).read_text(encoding="utf-8"), Loader=yaml.CSafeLoader)) if path else None


@functools.cache
def accepted() -> dict[Deviation, str]:
    """The deviations that are known and meant, each with its reason (deviations.yml)."""
    rows: list[Json] = yaml.safe_load((HERE / "deviations.yml").read_text(encoding="utf-8"))
    return {Deviation(row["call"], row["side"], str(row.get("at") or ""), row["rule"]): row["reason"] for row in rows}
