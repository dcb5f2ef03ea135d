# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import base64
import contextlib
import io
import json

import pytest
from ansible.module_utils import _internal
from ansible.module_utils.testing import patch_module_args

from ansible_collections.calligo.baas.plugins.module_utils._core.argspec import ArgumentSpec
from ansible_collections.calligo.baas.plugins.module_utils._core.engine import Item, Resource, Seen
from ansible_collections.calligo.baas.plugins.module_utils._core.errors import (
    ApiError,
    ConnectionFailed,
    MissingLibrary,
    NotFound,
    Refused,
    WaitTimeout,
)
from ansible_collections.calligo.baas.plugins.module_utils._core.runner import Context, Inline, run, run_inline, run_resource, run_resources

SPEC = ArgumentSpec({"name": {"type": "str"}, "names": {"type": "list", "elements": "str"}, "state": {"type": "str", "default": "present"}})


class World:
    """What the connection leads to: objects by name, and whether it is open."""

    def __init__(self):
        self.names, self.open, self.written = set(), False, []

    @contextlib.contextmanager
    def connect(self, context):
        self.open, self.context = True, context
        try:
            yield self
        finally:
            self.open = False


class Named(Resource):
    def __init__(self, world, name):
        self.world, self.name = world, name

    def observe(self):
        return Seen({"name": self.name} if self.name in self.world.names else None)

    def desired(self, _seen):
        return {"name": self.name}

    def prepare_create(self, _seen, _desired):
        if self.name == "forbidden":
            raise Refused("it is forbidden", object=self.name)

    def create(self, _seen, desired, _means):
        self.world.written.append(self.name)
        self.world.names.add(self.name)
        return dict(desired)

    def delete(self, _seen, _means):
        self.world.names.discard(self.name)


def call(function, capsys, arguments, check=False, diff=False):
    with patch_module_args({**arguments, "_ansible_check_mode": check, "_ansible_diff": diff}), pytest.raises(SystemExit) as left:
        function()
    return json.loads(capsys.readouterr().out), left.value.code


def test_one_resource_is_reported_under_its_name(capsys):
    world = World()

    def main():
        run_resource(SPEC, world.connect, lambda session, params: Named(session, params["name"]), "thing")

    result, code = call(main, capsys, {"name": "a"}, diff=True)
    assert code == 0 and world.names == {"a"}
    assert result["changed"] and result["thing"] == {"name": "a"} and result["diff"] == {"before": {}, "after": {"name": "a"}}
    result, _code = call(main, capsys, {"name": "a"})
    assert not result["changed"] and "diff" not in result
    result, _code = call(main, capsys, {"name": "b"}, check=True)
    assert result["changed"] and world.names == {"a"}
    result, _code = call(main, capsys, {"name": "a", "state": "absent"})
    assert result["changed"] and result["thing"] is None and world.names == set() and not world.open


def test_many_resources_are_all_allowed_before_the_first_is_written(capsys):
    world = World()

    def main():
        run_resources(
            SPEC,
            world.connect,
            lambda session, params: [Item(f"thing {name}", Named(session, name)) for name in params["names"]],
            "things",
        )

    world.names = {"b"}
    result, code = call(main, capsys, {"names": ["a", "b"]}, diff=True)
    assert code == 0 and result["changed"]
    assert result["things"] == [{"name": "a", "changed": True}, {"name": "b", "changed": False}]
    assert [(row["before_header"], row["after"]) for row in result["diff"]] == [("thing a", {"name": "a"})]
    result, code = call(main, capsys, {"names": ["c", "forbidden"]})
    assert code == 1 and result["failed"] and world.written == ["a"]
    assert result["msg"] == "thing forbidden: it is forbidden" and result["error"] == {"kind": "Refused", "object": "forbidden"}


@pytest.mark.parametrize(
    ("error", "fields"),
    [
        (
            ApiError("the server says no", call="GET /x", status=500, server_code=None),
            {"kind": "ApiError", "call": "GET /x", "status": 500},
        ),
        (ConnectionFailed("no way", sent=True), {"kind": "ConnectionFailed"}),
        (WaitTimeout("too long", last={"state": "Running"}, jobs=[7]), {"kind": "WaitTimeout", "jobs": [7]}),
    ],
)
def test_an_error_becomes_one_line_and_fields_and_the_connection_is_closed(capsys, error, fields):
    world = World()

    def act(_session, _context):
        raise error

    result, code = call(lambda: run(SPEC, world.connect, act), capsys, {})
    assert code == 1 and result["failed"] and result["msg"] == str(error)
    assert result["error"] == fields and "Traceback" not in json.dumps(result)
    assert not world.open


def test_a_missing_library_is_named_with_what_to_install(capsys):
    def connect(_context):
        raise MissingLibrary("requests", "Traceback: no requests")

    result, code = call(lambda: run(SPEC, connect, lambda _session, _context: {}), capsys, {})
    assert code == 1 and "requests" in result["msg"] and "required Python library" in result["msg"]


def test_warnings_reach_the_result(capsys, monkeypatch):
    # Another test may have imported a part of Ansible's controller, which sends warnings to its display.
    monkeypatch.setattr(_internal, "is_controller", False)
    world = World()

    def act(_session, context):
        context.warn("mind the gap")
        return {"changed": False}

    out = io.StringIO()
    with contextlib.redirect_stdout(out), patch_module_args({}), pytest.raises(SystemExit):
        run(SPEC, world.connect, act)
    assert "mind the gap" in out.getvalue()
    assert "mind the gap" not in capsys.readouterr().err


def test_what_is_said_meanwhile_is_for_the_screen_alone_and_printable():
    world, said = World(), []

    def act(_session, context):
        context.say("half\x1b[2J done, \u202eof s3cret")
        return {"changed": False}

    spec = SPEC.merge(ArgumentSpec({"key": {"type": "str", "no_log": True}}))
    arguments = {"key": "s3cret"}
    result = run_inline(lambda: run(spec, world.connect, act), Inline("some", arguments, False, False, print, said.append))
    assert result == {"changed": False}
    assert said == ["half?[2J done, ?of ********"]


def test_a_check_run_cannot_write_whatever_a_module_does(capsys):
    world = World()

    def act(session, context):
        context.permit.ask("POST /x")
        session.written.append("x")
        return {"changed": True}

    result, code = call(lambda: run(SPEC, world.connect, act), capsys, {}, check=True)
    assert code == 1 and "POST /x would write in check mode" in result["msg"] and world.written == [] and not result["changed"]
    result, code = call(lambda: run(SPEC, world.connect, act), capsys, {})
    assert code == 0 and world.written == ["x"]


def test_a_failed_run_says_changed_as_soon_as_something_was_written(capsys):
    world = World()

    def act(_session, context):
        context.permit.use()
        raise ApiError("and then it broke")

    result, code = call(lambda: run(SPEC, world.connect, act), capsys, {})
    assert code == 1 and result["changed"]


def test_what_is_missing_is_an_error_and_in_check_mode_a_warning(capsys):
    world = World()

    def act(_session, context):
        context.missing('The plan "gold" does not exist.', "Create it.", "gold")
        return {"changed": False}

    result, code = call(lambda: run(SPEC, world.connect, act), capsys, {})
    assert code == 1 and result["error"] == {"kind": "NotFound", "object": "gold"} and result["msg"].endswith("Create it.")
    _result, code = call(lambda: run(SPEC, world.connect, act), capsys, {}, check=True)
    assert code == 0


SECRET = "S3cret canary"


def warning(_session, context):
    context.warn(f"the server said {context.params['password']}, and {base64.b64encode(SECRET.encode()).decode()}")
    return {"changed": False}


def warn_of_it():
    spec = ArgumentSpec({"password": {"type": "str", "no_log": True}})
    run(spec, lambda _context: contextlib.nullcontext(), warning)


def test_a_warning_in_ansibles_process_is_masked():
    warned = []
    run_inline(warn_of_it, Inline("a_module", {"password": SECRET}, False, False, warned.append))
    assert len(warned) == 1 and warned[0].startswith("the server said ****")
    assert SECRET not in warned[0] and base64.b64encode(SECRET.encode()).decode() not in warned[0]


def test_a_warning_of_a_module_that_is_sent_is_masked(monkeypatch):
    monkeypatch.setattr(_internal, "is_controller", False)
    output = io.StringIO()
    with patch_module_args({"password": SECRET}), contextlib.redirect_stdout(output), contextlib.suppress(SystemExit):
        warn_of_it()
    said = output.getvalue()
    assert "the server said ****" in said
    assert SECRET not in json.dumps(json.loads(said)["warnings"]) and base64.b64encode(SECRET.encode()).decode() not in said


def test_a_check_run_that_knows_what_is_planned_fails_where_a_real_one_does():
    warned = []
    missing = Context.of({"planned": ["Gold"]}, True, warned.append).missing
    missing('The plan "gold" does not exist.', "Create it.", "gold")
    assert warned == []
    with pytest.raises(NotFound, match="Create it"):
        missing('The plan "silver" does not exist.', "Create it.", "silver")
