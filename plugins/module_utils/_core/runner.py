# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection: may change in any release.

from __future__ import annotations

import base64
import contextlib
import contextvars
import dataclasses
import json
import typing as t
import urllib.parse

from ansible.module_utils.basic import AnsibleModule, missing_required_lib
from ansible.module_utils.common.arg_spec import ArgumentSpecValidator
from ansible.module_utils.common.parameters import remove_values
from ansible.module_utils.errors import UnsupportedError

from . import output, query
from .argspec import ArgumentSpec
from .engine import Failed, Item, Many, One, Resource, Work, perform, predict
from .errors import BaasError, MissingLibrary, NotFound
from .permit import Permit

Params = dict[str, t.Any]
S = t.TypeVar("S")


@dataclasses.dataclass(frozen=True)
class Context:
    """What a module may know of the run: everything but whether it is a check run, which is decided in this file alone.

    warn: takes one line of text for the person who runs the play.
    say: takes one that is for the screen alone, while the module runs; a module that was sent to its host has no screen.
    missing: takes what is missing and the way out, when the task refers to something that is not there. Raises NotFound; in check mode
    it warns, since an earlier task of the same check run may be the one that would make it, and the caller goes on without. Where the
    option planned names what earlier tasks make, it keeps silent about those, and anything else is the error that it is without check mode.
    write_file: output.write_file(), or in check mode output.compare_file().
    locked: output.locked(); in check mode, which writes nothing, nobody is kept out.
    """

    params: Params
    warn: t.Callable[[str], None]
    say: t.Callable[[str], None]
    missing: t.Callable[[str, str, str], None]
    write_file: t.Callable[..., output.Written]
    locked: t.Callable[..., contextlib.AbstractContextManager[None]]
    permit: Permit

    @classmethod
    def of(
        cls, params: Params, check_mode: bool, warn: t.Callable[[str], None], say: t.Callable[[str], None] = lambda text: None
    ) -> Context:
        """The context of a run."""
        named = params.get("planned")
        planned = None if named is None else {str(name).casefold() for name in named}

        def missing(text: str, way_out: str, name: str) -> None:
            if not check_mode or (planned is not None and name.casefold() not in planned):
                raise NotFound(f"{text} {way_out}", object=name)
            if planned is None:
                warn(f"{text} A real run fails here unless an earlier task makes it.")

        write_file, locked = (output.compare_file, contextlib.nullcontext) if check_mode else (output.write_file, output.locked)
        return cls(params, warn, say, missing, write_file, locked, Permit(not check_mode))


Connect = t.Callable[[Context], contextlib.AbstractContextManager[S]]
Act = t.Callable[[S, Context], Params]


def run(spec: ArgumentSpec, connect: Connect[S], act: Act[S], queried: str | None = None) -> t.NoReturn:
    """Run a module that reads: the act returns the whole result. A key "diff" is dropped unless the play runs with --diff.

    queried: the key of the result, or the way to it with dots, to which the option query is applied; the module has that option then.
    """
    if queried is not None:
        spec, connect, act = query.added(spec, connect, act, queried)
    _run(spec, connect, lambda session, context, _check_mode: act(session, context))


def run_work(spec: ArgumentSpec, connect: Connect[S], bind: t.Callable[[S, Context], Work]) -> t.NoReturn:
    """Run a module that writes: bind gives what is to be done. In check mode it is only predicted; check mode is decided here alone."""

    def body(session: S, context: Context, check_mode: bool) -> Params:
        if check_mode:
            return predict(bind(session, context))
        return perform(bind(session, context), context.permit, lambda: bind(session, context))

    _run(spec, connect, body)


def run_resource(spec: ArgumentSpec, connect: Connect[S], bind: t.Callable[[S, Params], Resource], returned: str) -> t.NoReturn:
    """Run a module that makes one object present or absent. The result carries it under the name given in returned."""
    run_work(spec, connect, lambda session, context: One(bind(session, context.params), context.params["state"], returned))


def run_resources(spec: ArgumentSpec, connect: Connect[S], bind: t.Callable[[S, Params], list[Item]], returned: str) -> t.NoReturn:
    """Run a module that makes many objects present or absent in one call."""
    run_work(spec, connect, lambda session, context: Many(bind(session, context.params), returned))


def spelt(secrets: t.Iterable[str]) -> set[str]:
    """Secrets as they look in Base64, in an address and in JSON: a server may send back what it was sent."""
    texts = [secret for secret in secrets if len(secret) > 3]
    in_base64 = {base64.b64encode(text.encode()).decode() for text in texts}
    in_address = {quote(text) for text in texts for quote in (urllib.parse.quote, urllib.parse.quote_plus)}
    return in_base64 | in_address | {json.dumps(text)[1:-1] for text in texts}


Body = t.Callable[[S, Context, bool], Params]


def _run(spec: ArgumentSpec, connect: Connect[S], body: Body[S]) -> t.NoReturn:
    """The only place that builds a module, connects, and turns errors into results."""
    inline = _inline.get()
    if inline is not None:
        inline.result = _run_inline(inline, spec, connect, body)
        raise SystemExit(0)
    module = AnsibleModule(supports_check_mode=True, **spec.to_kwargs())
    module.no_log_values |= spelt(module.no_log_values)
    context = Context.of(module.params, module.check_mode, _masked(module.warn, module.no_log_values))
    result = _result(connect, body, context, module.check_mode, module._diff)
    if result.get("failed"):
        module.fail_json(**result)
    module.exit_json(**result)


def _masked(warn: t.Callable[[str], None], secrets: set[str]) -> t.Callable[[str], None]:
    """Warnings without secrets: Ansible masks what a module returns, but not what it warns of."""
    return lambda text: warn(remove_values(text, secrets))


def _result(connect: Connect[S], body: Body[S], context: Context, check_mode: bool, diff: bool) -> Params:
    try:
        with connect(context) as session:
            result = body(session, context, check_mode)
    except MissingLibrary as error:
        return {"failed": True, "msg": missing_required_lib(error.library), "exception": error.traceback}
    except Failed as error:
        result = {**error.result, "failed": True, **error.cause.to_result()}
    except BaasError as error:
        result = {"failed": True, **error.to_result()}
    if result.get("failed"):
        result["changed"] = bool(result.get("changed")) or context.permit.used
    if not diff:
        result.pop("diff", None)
    return result


@dataclasses.dataclass
class Inline:
    """A module that runs in the process of its caller, who has its arguments and takes its result; see run_inline(). name: for errors.

    say: shows a line while the module runs. What servers say may be in it: it is made printable first.
    """

    name: str
    arguments: Params
    check_mode: bool
    diff: bool
    warn: t.Callable[[str], None]
    say: t.Callable[[str], None] = lambda text: None
    result: Params | None = None


_inline: contextvars.ContextVar[Inline | None] = contextvars.ContextVar("inline", default=None)


def run_inline(main: t.Callable[[], None], inline: Inline) -> Params:
    """Run a module's main() in this process: the same checks, the same result, without an AnsibleModule around it."""
    token = _inline.set(inline)
    try:
        main()
    except SystemExit as end:
        # A module that a signal ended takes its caller along.
        if end.code not in (None, 0):
            raise
    finally:
        _inline.reset(token)
    return inline.result or {"failed": True, "msg": "The module ended without a result."}


def _run_inline(inline: Inline, spec: ArgumentSpec, connect: Connect[S], body: Body[S]) -> Params:
    checked = ArgumentSpecValidator(**spec.to_kwargs()).validate(inline.arguments)
    secrets = checked._no_log_values | spelt(checked._no_log_values)

    def say(text: str) -> None:
        inline.say("".join(char if char.isprintable() else "?" for char in remove_values(text, secrets)))

    if checked.error_messages:
        unknown = f"Unsupported parameters for ({inline.name}) module: " if isinstance(checked.errors[0], UnsupportedError) else ""
        result: Params = {"failed": True, "msg": unknown + checked.errors.msg}
    else:
        context = Context.of(checked.validated_parameters, inline.check_mode, _masked(inline.warn, secrets), say)
        result = _result(connect, body, context, inline.check_mode, inline.diff)
    return t.cast(Params, remove_values({"changed": False, **result}, secrets))
