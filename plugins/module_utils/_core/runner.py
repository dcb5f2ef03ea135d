# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection: may change in any release.

from __future__ import annotations

import contextlib
import dataclasses
import typing as t

from ansible.module_utils.basic import AnsibleModule, missing_required_lib

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
    module = AnsibleModule(supports_check_mode=True, **spec.to_kwargs())
    context = Context(module.params, module.check_mode, module.warn)
    result: Params
    try:
        with connect(context) as session:
            result = act(session, context)
    except MissingLibrary as error:
        module.fail_json(msg=missing_required_lib(error.library), exception=error.traceback)
    except BaasError as error:
        module.fail_json(**error.to_result())
    if not module._diff:
        result.pop("diff", None)
    module.exit_json(**result)


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
