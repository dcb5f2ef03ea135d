# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection: may change in any release.
"""The option query of modules that read: a JMESPath expression that makes a large result small before it is returned.

The only file that imports jmespath, and that only where a task gives an expression.
"""

from __future__ import annotations

import contextlib
import traceback
import typing as t

from .argspec import ArgumentSpec
from .errors import InputError, MissingLibrary

Result = dict[str, t.Any]
Node = t.Mapping[str, t.Any]


class Asked(t.Protocol):
    """What this file needs to know of a run: the options that the task gives."""

    @property
    def params(self) -> t.Mapping[str, t.Any]: ...


S = t.TypeVar("S")
C = t.TypeVar("C", bound=Asked)
Connect = t.Callable[[C], contextlib.AbstractContextManager[S]]
Act = t.Callable[[S, C], Result]

OPTIONS = ArgumentSpec({"query": {"type": "str"}})
"""The option itself. The doc fragment calligo.baas.query describes it."""


def added(spec: ArgumentSpec, connect: Connect[C, S], act: Act[S, C], place: str) -> tuple[ArgumentSpec, Connect[C, S], Act[S, C]]:
    """What runs a module, with the option query: the expression is checked before connecting, and applied to what the act returns.

    place: the key of the result, or the way to it with dots, at which the outcome takes the place of what the expression was applied to.
    Rows that go to an output_file are not in the result, so that there would be nothing to ask.
    """
    apart = {"mutually_exclusive": [("query", "output_file")]} if "output_file" in spec.options else {}

    def connect_if_right(context: C) -> contextlib.AbstractContextManager[S]:
        if context.params["query"] is not None:
            parsed(context.params["query"])
        return connect(context)

    def ask(session: S, context: C) -> Result:
        result = act(session, context)
        return result if context.params["query"] is None else applied(context.params["query"], result, place)

    return spec.merge(OPTIONS, ArgumentSpec(rules=apart)), connect_if_right, ask


def applied(expression: str, result: Result, place: str) -> Result:
    """The result with the outcome of an expression. Raises InputError where a function is given what it does not take."""
    *above, last = place.split(".")
    holder = result
    for key in above:
        holder = holder[key]
    holder[last] = _outcome(expression, parsed(expression), holder[last])
    return result


def parsed(expression: str) -> t.Any:
    """An expression, ready to be used. Raises InputError for what is none, and MissingLibrary; jmespath keeps what it has parsed."""
    jmespath = _library()
    try:
        ready = jmespath.compile(expression)
        _check(expression, ready.parsed, jmespath.functions.Functions.FUNCTION_TABLE)
    except jmespath.exceptions.ParseError as error:
        raise _wrong(expression, error.lex_position, _unexpected(error.lex_position, error.token_value, expression)) from error
    except (jmespath.exceptions.JMESPathError, RecursionError) as error:
        raise _wrong(expression, None, "it is nested too deeply" if isinstance(error, RecursionError) else "it is empty") from error
    return ready


def _library() -> t.Any:
    try:
        import jmespath  # noqa: PLC0415 - a task without an expression needs no library
    except ImportError:
        raise MissingLibrary("jmespath", traceback.format_exc()) from None
    return jmespath


def _check(expression: str, node: Node, known: t.Mapping[str, t.Any], argument: bool = False) -> None:
    """Find what jmespath itself would only notice in a result, or never.

    known: the functions that there are, with what they take. argument: whether the node is an argument of one.
    """
    children = [child for child in node["children"] if isinstance(child, dict)]
    call = node["type"] == "function_expression"
    if node["type"] == "expref" and not argument:
        raise _wrong(expression, None, "& makes an argument of a function, and no value")
    if call:
        _check_call(expression, str(node["value"]), len(children), known)
    for child in children:
        _check(expression, child, known, call)


def _check_call(expression: str, name: str, given: int, known: t.Mapping[str, t.Any]) -> None:
    position = _position(expression, name)
    if name not in known:
        raise _wrong(expression, position, f"there is no function {name}()")
    takes = known[name]["signature"]
    variadic = bool(takes) and bool(takes[-1].get("variadic"))
    if given < len(takes) or (given > len(takes) and not variadic):
        raise _wrong(expression, position, f"{name}() takes {len(takes)}{' or more' if variadic else ''} arguments, and was given {given}")


def _outcome(expression: str, ready: t.Any, value: t.Any) -> t.Any:
    try:
        return ready.search(value)
    except _library().exceptions.JMESPathTypeError as error:
        # Nothing of the value itself is told: it may be long.
        takes, name = " or ".join(error.expected_types), error.function_name
        raise _failed(expression, _position(expression, name), f"{name}() takes {takes}, and was given {error.actual_type}") from error
    except (ValueError, TypeError, ArithmeticError, AttributeError, RecursionError) as error:
        raise _failed(expression, None, str(error)) from error


def _unexpected(position: int, token: t.Any, expression: str) -> str:
    if position >= len(expression):
        return "it ends before it is complete"
    return f"{str(expression[position] if token is None else token).strip()!r} is not expected there"


def _position(expression: str, function: str) -> int | None:
    """Where a function is called, if that is in one place only."""
    return expression.index(f"{function}(") if expression.count(f"{function}(") == 1 else None


def _at(position: int | None) -> str:
    return "" if position is None else f" at character {position + 1}"


def _wrong(expression: str, position: int | None, reason: str) -> InputError:
    return InputError(f"query: {expression!r} is no JMESPath expression{_at(position)}: {reason}. Nothing was asked of the server.")


def _failed(expression: str, position: int | None, reason: str) -> InputError:
    return InputError(f"query: {expression!r} cannot be applied to this result: {reason}{_at(position)}.")
