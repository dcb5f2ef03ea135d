# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Hostile options and hostile replies: a module ends with a result or with one error, and writes nothing in check mode.

Hypothesis makes options from every argument spec, and changes what the simulator answers to the tasks of every module: a value of another
kind, a key that is missing, a list of something else, in any of the replies that a task reads.
"""

from __future__ import annotations

import contextlib
import copy
import dataclasses
import json
import time
import typing as t

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from ansible_collections.calligo.baas.plugins.module_utils._commvault.wire import transport
from ansible_collections.calligo.baas.plugins.module_utils._core.errors import BaasError
from ansible_collections.calligo.baas.tests.matrices.matrix import FULL, Counts
from ansible_collections.calligo.baas.tests.support import tenant
from ansible_collections.calligo.baas.tests.support.collection import Module, module_names
from ansible_collections.calligo.baas.tests.support.modules import Json, Modules, run_module
from ansible_collections.calligo.baas.tests.support.tasks import tasks_of
from commvaultsim.sandbox import Sandbox

EXAMPLES = 30 if FULL else 1
QUIET = settings(
    max_examples=EXAMPLES,
    # The same examples each time: a sample, and not a draw.
    derandomize=True,
    database=None,
    deadline=None,
    phases=(Phase.generate, *((Phase.shrink,) if FULL else ())),
    suppress_health_check=list(HealthCheck),
)
TEXTS = st.sampled_from(
    [
        *("", " ", "\x00", "\n", "a\nb", "{{ 1 / 0 }}", "{% raw %}", "<script>alert(1)</script>", "=cmd|' /C calc'!A0", "../../etc/passwd"),
        *("a/b", "\\\\x\\y", "%00", "%s", "None", "null", "0", "-1", "1e400", "٣", "ǅ", "é́", "\ud7ff", "🙂" * 40, "x" * 5000, "';--", "|"),
    ]
)
NUMBERS = st.sampled_from([0, -1, 1, 7, 2**31, 2**63, -(2**63), 10**30])
ANYTHING = st.one_of(
    TEXTS, NUMBERS, st.none(), st.booleans(), st.sampled_from([1.5, float("inf"), float("nan"), [], {}, [[]], [None], {"a": {}}])
)
OURS = {"host", "username", "password", "token", "ca_path", "hostname", "port", "connect_timeout", "read_timeout", "api_base_path"}
OURS |= {"output_file", "directory", "allow_http", "parallel", "company_id", "validate_certs"}
"""Options that lead to another server or to files: tests/unit/…/wire/test_session.py and _core/test_output.py have those."""


def options_of(spec: Json) -> st.SearchStrategy[Json]:
    """Options of a spec, of the kinds that it says or of others."""
    required = {name: value_of(option) for name, option in spec.items() if option.get("required") and name not in OURS}
    others = {name: value_of(option) for name, option in spec.items() if not option.get("required") and name not in OURS}
    return st.fixed_dictionaries(required, optional=others)


def value_of(option: Json) -> st.SearchStrategy[t.Any]:
    """A value for an option: mostly of its kind."""
    kind = option.get("type", "str")
    if kind == "list":
        element = value_of({**option, "type": option.get("elements", "str")})
        if option.get("options"):
            return st.lists(element, max_size=3)
        return st.one_of(st.lists(element, max_size=3), ANYTHING)
    if option.get("choices"):
        return st.one_of(st.sampled_from(option["choices"]), ANYTHING)
    if kind == "dict":
        # Ansible itself fails where it looks for suboptions in what is no dict (common/parameters.py, set_fallbacks).
        return options_of(option["options"]) if option.get("options") else st.dictionaries(TEXTS, ANYTHING, max_size=3)
    kinds: dict[str, st.SearchStrategy[t.Any]] = {"bool": st.booleans(), "int": NUMBERS, "float": NUMBERS, "str": TEXTS, "path": TEXTS}
    return st.one_of(kinds.get(kind, ANYTHING), ANYTHING)


@pytest.fixture(scope="module")
def platform(tmp_path_factory: pytest.TempPathFactory) -> t.Iterator[Modules]:
    """A tenant with something of each kind."""
    with Sandbox(tmp_path_factory.mktemp("hostile"), job_seconds=0.2) as sandbox:
        modules = Modules(sandbox)
        tenant.onboard(modules)
        tenant.service_account(modules)
        tenant.sql_server(modules)
        yield modules


@pytest.fixture(scope="module")
def counts() -> t.Iterator[Counts]:
    counted = Counts("hostile")
    yield counted
    counted.keep()


def judged(platform: Modules, name: str, options: Json, counts: Counts, group: str) -> None:
    """Run a module in check mode: whatever it was given or told, it ends with JSON, writes nothing, and says no more than one error."""
    result = run_module(name, options, check=True)
    text = json.dumps(result)
    assert "Traceback" not in text, result
    assert result.get("exception") is None, result
    assert not result.get("failed") or result["msg"], result
    writes = [f"{row['method']} {row['path']}" for row in platform.sandbox.control("GET", "/journal")["requests"] if row["writes"]]
    assert writes == [], (options, writes)
    counts.add(group, "one error" if result.get("failed") else "a result")


@pytest.mark.usefixtures("waiting_is_short")
@pytest.mark.parametrize("name", module_names())
def test_options_of_any_kind(platform, counts, name):
    platform.sandbox.control("DELETE", "/journal")
    known = platform.connection(name)

    @QUIET
    @given(options_of(Module(name).arguments()["argument_spec"]))
    def try_them(options):
        try:
            # As Ansible sends them. Infinity is no JSON, and Ansible itself fails at it (check_type_int).
            given_options = json.loads(json.dumps(options, allow_nan=False))
        except ValueError:
            return
        judged(platform, name, {**given_options, **known, **_harmless(name, platform)}, counts, f"options of {name}")

    try_them()


def _harmless(name: str, platform: Modules) -> Json:
    return {"directory": str(platform.sandbox.state_dir / "hostile")} if name == "evidence_files" else {}


@dataclasses.dataclass
class Tampered:
    """Changes one place in one reply. turn: which reply. at: which of its places, counted round. value: instead; absent: the key goes."""

    turn: int
    at: int
    value: t.Any
    absent: bool
    seen: int = 0

    def change(self, reply: transport.Reply) -> transport.Reply:
        """The reply, changed if it is its turn."""
        self.seen += 1
        payload = reply.json()
        if self.seen != self.turn or not isinstance(payload, (dict, list)):
            return reply
        payload = copy.deepcopy(payload)
        places = list(_places(payload))
        if places:
            holder, key = places[self.at % len(places)]
            if self.absent and isinstance(holder, dict):
                del holder[key]
            else:
                holder[key] = self.value
        return transport.Reply(reply.status, reply.headers, json.dumps(payload), reply.ahead)


def _places(node: t.Any) -> t.Iterator[tuple[t.Any, t.Any]]:
    """Every key and index in a reply."""
    for key, value in list(node.items() if isinstance(node, dict) else enumerate(node)):
        yield node, key
        if isinstance(value, (dict, list)):
            yield from _places(value)


REPLIES = st.builds(Tampered, st.integers(1, 9), st.integers(0, 400), ANYTHING, st.booleans())


@pytest.mark.usefixtures("waiting_is_short")
@pytest.mark.parametrize("name", [name for name in module_names() if name.startswith("commvault_")])
def test_replies_of_any_kind(platform, counts, monkeypatch, name):
    """Whatever a part of a reply is, it is a value or one error: also where it is only read for a later call."""
    known, own = platform.connection(name), tasks_of(platform, name)
    platform.sandbox.control("DELETE", "/journal")
    send = transport.Transport.send

    @QUIET
    @given(st.sampled_from(own), REPLIES)
    def try_them(options, tampered):
        tampered.seen = 0
        with monkeypatch.context() as patched:
            patched.setattr(transport.Transport, "send", lambda self, *arguments: tampered.change(send(self, *arguments)))
            judged(platform, name, {**known, **options}, counts, f"replies to {name}")

    try_them()


ENVELOPES = st.recursive(
    ANYTHING,
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.dictionaries(
            st.sampled_from(["errorCode", "errorMessage", "errorString", "error", "response", "errList", "status", "warningCode", "x"]),
            inner,
        ),
    ),
    max_leaves=12,
)


@settings(QUIET, max_examples=2000 if FULL else 200)
@given(ENVELOPES, st.integers(100, 599), st.sampled_from(["get", "post", "put", "delete", "query"]))
def test_envelopes_of_any_kind(payload: t.Any, status: int, verb: str) -> None:
    """What a call gives is the reply or one error."""
    from ansible_collections.calligo.baas.tests.support.scripted_client import scripted_client

    client, _wire, _clock = scripted_client(*[(status, payload)] * 100)
    path = {"get": "/V4/Regions", "query": "/Jobs"}.get(verb, "/V4/ServerPlan/7")
    with contextlib.suppress(BaasError):
        assert isinstance(getattr(client, verb)(path, *([{}] if verb in ("post", "put", "query") else [])), (dict, type(None)))


@settings(QUIET, max_examples=1000 if FULL else 100)
@given(st.lists(ENVELOPES, min_size=1, max_size=3), st.sampled_from(["jobs", "machines", "browse"]))
def test_pages_of_any_kind(pages: list[t.Any], kind: str) -> None:
    """Paging ends, with rows or one error: what is no page is an error."""
    from ansible_collections.calligo.baas.plugins.module_utils._commvault.wire import paging
    from ansible_collections.calligo.baas.plugins.module_utils._core.errors import UNREADABLE
    from ansible_collections.calligo.baas.tests.support.scripted_client import scripted_client

    keys = {"jobs": "jobs", "machines": "vmStatusInfoList", "browse": "browseResponses"}
    client, _wire, _clock = scripted_client(*[(200, {keys[kind]: page}) for page in pages] * 20)
    read: dict[str, t.Callable[[], t.Any]] = {
        "jobs": lambda: paging.jobs(client, {}),
        "machines": lambda: paging.by_header(client, "/VM", "vmStatusInfoList", "totalRecords", "strGUID", page=2),
        "browse": lambda: paging.browse(client, {}),
    }
    began = time.monotonic()
    # The session turns the second kind into an error of ours.
    with contextlib.suppress(BaasError, *UNREADABLE):
        list(read[kind]())
    assert time.monotonic() - began < 10
