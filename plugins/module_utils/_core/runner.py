# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection: may change in any release.

from __future__ import annotations

import contextlib
import contextvars
import dataclasses
import typing as t

from ansible.module_utils.basic import AnsibleModule, missing_required_lib
from ansible.module_utils.common.arg_spec import ArgumentSpecValidator
from ansible.module_utils.common.parameters import remove_values
from ansible.module_utils.errors import UnsupportedError

from .argspec import ArgumentSpec
from .errors import BaasError, MissingLibrary
from .reconcile import Resource, plan, reconcile

Params = dict[str, t.Any]
S = t.TypeVar("S")
R = t.TypeVar("R")


@dataclasses.dataclass(frozen=True)
class Context:
    """What an act may know of the run. warn takes one line of text for the person who runs the play."""

    params: Params
    check_mode: bool
    warn: t.Callable[[str], None]


Connect = t.Callable[[Context], contextlib.AbstractContextManager[S]]
Act = t.Callable[[S, Context], Params]


def run(spec: ArgumentSpec, connect: Connect[S], act: Act[S]) -> t.NoReturn:
    """Run a module: the only place that builds it, connects, and turns errors into results.

    The act returns the whole result. A key "diff" is dropped unless the play runs with --diff.
    """
    inline = _inline.get()
    if inline is not None:
        inline.result = _run_inline(inline, spec, connect, act)
        raise SystemExit(0)
    module = AnsibleModule(supports_check_mode=True, **spec.to_kwargs())
    result = _result(connect, act, Context(module.params, module.check_mode, module.warn), module._diff)
    if result.get("failed"):
        module.fail_json(**result)
    module.exit_json(**result)


def _result(connect: Connect[S], act: Act[S], context: Context, diff: bool) -> Params:
    try:
        with connect(context) as session:
            result = act(session, context)
    except MissingLibrary as error:
        return {"failed": True, "msg": missing_required_lib(error.library), "exception": error.traceback}
    except BaasError as error:
        return {"failed": True, **error.to_result()}
    if not diff:
        result.pop("diff", None)
    return result


@dataclasses.dataclass
class Inline:
    """A module that runs in the process of its caller, who has its arguments and takes its result; see run_inline(). name: for errors."""

    name: str
    arguments: Params
    check_mode: bool
    diff: bool
    warn: t.Callable[[str], None]
    result: Params | None = None


_inline: contextvars.ContextVar[Inline | None] = contextvars.ContextVar("inline", default=None)


def run_inline(main: t.Callable[[], None], inline: Inline) -> Params:
    """Run a module's main() in this process: the same checks, the same result, without an AnsibleModule around it."""
    token = _inline.set(inline)
    try:
        main()
    except SystemExit:
        pass
    finally:
        _inline.reset(token)
    return inline.result or {"failed": True, "msg": "The module ended without a result."}


def _run_inline(inline: Inline, spec: ArgumentSpec, connect: Connect[S], act: Act[S]) -> Params:
    checked = ArgumentSpecValidator(**spec.to_kwargs()).validate(inline.arguments)
    if checked.error_messages:
        unknown = f"Unsupported parameters for ({inline.name}) module: " if isinstance(checked.errors[0], UnsupportedError) else ""
        result: Params = {"failed": True, "msg": unknown + checked.errors.msg}
    else:
        result = _result(connect, act, Context(checked.validated_parameters, inline.check_mode, inline.warn), inline.diff)
    return t.cast(Params, remove_values({"changed": False, **result}, checked._no_log_values))


def run_resource(spec: ArgumentSpec, connect: Connect[S], bind: t.Callable[[S, Params], Resource], returned: str) -> t.NoReturn:
    """Run a module that makes one object present or absent. The result carries it under the name given in returned."""

    def act(session: S, context: Context) -> Params:
        outcome = reconcile(bind(session, context.params), context.params["state"], context.check_mode)
        return {"changed": outcome.changed, returned: outcome.after, "diff": outcome.diff()}

    run(spec, connect, act)


def run_resources(
    spec: ArgumentSpec,
    connect: Connect[S],
    bind: t.Callable[[S, Params], list[tuple[str, str, Resource]]],
    returned: str,
) -> t.NoReturn:
    """Run a module that makes many objects present or absent in one call.

    bind gives (label, state, resource) for each object. All are read and allowed by their guards before the first is written.
    """

    def act(session: S, context: Context) -> Params:
        steps = [(label, _named(label, plan, resource, state)) for label, state, resource in bind(session, context.params)]
        outcomes = [(label, step.predict() if context.check_mode else _named(label, step.take)) for label, step in steps]
        return {
            "changed": any(outcome.changed for _label, outcome in outcomes),
            returned: [{**(outcome.after or outcome.before or {}), "changed": outcome.changed} for _label, outcome in outcomes],
            "diff": [{**outcome.diff(), "before_header": label, "after_header": label} for label, outcome in outcomes if outcome.changed],
        }

    run(spec, connect, act)


def _named(label: str, act: t.Callable[..., R], *arguments: t.Any) -> R:
    """Do one thing of many, and let its error say which."""
    try:
        return act(*arguments)
    except BaasError as error:
        raise error.about(label) from None
