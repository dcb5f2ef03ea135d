# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every call that a module sends to a vCenter, met by every answer of a bad day (tests/support/bad_vcenter.py).

Survived is what says what it says on a good day. Refused is one clear error that names the call, the reason and the way out, after which
the same task ends as it should on a good day. Nothing else may come of a cell.
"""

from __future__ import annotations

import datetime
import json
import re
import typing as t
from pathlib import Path

import pytest
import trustme

from ansible_collections.calligo.baas.plugins.module_utils._vcenter import plain_pages, session
from ansible_collections.calligo.baas.tests.faults.conftest import Cells
from ansible_collections.calligo.baas.tests.faults.test_vcenter_calls import ASKING, unmark
from ansible_collections.calligo.baas.tests.support import bad_replies
from ansible_collections.calligo.baas.tests.support.bad_vcenter import ANSWERS, BadVcenter
from ansible_collections.calligo.baas.tests.support.modules import Modules, run_module
from ansible_collections.calligo.baas.tests.support.playbooks import vcenter_control
from ansible_collections.calligo.baas.tests.support.tasks import tasks_of
from commvaultsim.sandbox import Sandbox

Json = dict[str, t.Any]
#: What is asked after the work is done, so that what becomes of it says nothing about the work.
CLOSING = ("Logout", "DELETE session")
LOGINS = ("RetrieveServiceContent", "Login", "POST session")
MAY_BE_SURVIVED = {"session ended in mid-run", "reset", "reset, carried out"}
WAY_OUT = re.compile(r"[Cc]heck|[Ll]ook|lacks the privilege|again")


@pytest.fixture
def bad(sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> t.Iterator[BadVcenter]:
    monkeypatch.setattr(plain_pages, "LARGEST", 1 << 20)
    vcenter = Modules(sandbox).connection("vcenter_")
    with BadVcenter(vcenter, sandbox.state_dir / "tls" / "server.pem", sandbox.state_dir / "tls" / "server.key") as between:
        yield between


@pytest.mark.parametrize("module", ASKING)
def test_a_bad_answer_is_survived_or_refused(sandbox: Sandbox, modules: Modules, bad: BadVcenter, cells: Cells, module: str) -> None:
    problems: list[str] = []
    for number, options in enumerate(tasks_of(modules, module)):
        unmark(modules, module, number)
        vcenter_control(sandbox, "DELETE", "calls")
        good = run_module(module, {**modules.connection(module), **options})
        assert not good.get("failed"), good
        calls = sorted(vcenter_control(sandbox, "GET", "calls"))
        for call, name in cells.chosen([(call, name) for call in calls for name in ANSWERS], sample=3):
            unmark(modules, module, number)
            bad.answers(call, name)
            with pytest.MonkeyPatch.context() as patch:
                if name == "drip":
                    patch.setattr(session, "TIMEOUT", 1.0)
                result = run_module(module, {**bad.options, **options})
            hit = bad.hits
            bad.goes_well()
            problem = wrong(result, good, call, name) if hit else "it was never asked"
            again = run_module(module, {**bad.options, **options})
            if not problem and (again.get("failed") or said(again) != said(good)) and module != "vcenter_folder_mark":
                problem = f"then, on a good day: {json.dumps(again)[:300]}"
            if not problem and again.get("failed"):
                problem = f"then, on a good day: {again['msg']}"
            outcome = bad_replies.REFUSED if result.get("failed") else bad_replies.SURVIVED
            cells.note("vcenter reply", module, name, "wrong" if problem else outcome)
            problems += [f"{module}[{number}] {call} met by {name}: {problem}"] if problem else []
    assert not problems, "\n".join(problems)


def said(result: Json) -> str:
    """A result, without what differs from moment to moment."""
    kept = {name: value for name, value in result.items() if name not in ("invocation", "warnings", "diff")}
    return re.sub(r'"[^"]*(time|ahead|read_at|at)": ("[^"]*"|-?[0-9.]+)', "", json.dumps(kept, sort_keys=True))


def wrong(result: Json, good: Json, call: str, name: str) -> str:
    """What is wrong with what came of a cell."""
    text = str(result.get("msg", ""))
    if not result.get("failed"):
        if said(result) != said(good) and not result.get("warnings"):
            return f"success that says something else: {json.dumps(result)[:300]}"
        return "" if call in CLOSING or name in MAY_BE_SURVIVED or result.get("warnings") else "success"
    if call in CLOSING:
        return f"the work was done: {text}"
    if "Traceback" in text or "exception" in result or "\n" in text.strip():
        return f"no clear error: {text[:400]}"
    named = call.rpartition(" ")[2] if call not in LOGINS else ""
    if named not in json.dumps(result) or "127.0.0.1" not in text or not WAY_OUT.search(text):
        return f"it does not name the call, the server or the way out: {text}"
    return ""


PAST = datetime.datetime.now(datetime.UTC) - datetime.timedelta(days=1)


@pytest.mark.parametrize("kind", ["authority", "date", "name"])
def test_a_certificate_that_is_wrong(modules: Modules, cells: Cells, tmp_path: Path, kind: str) -> None:
    """An untrusted server gets no password: the handshake fails before the login is sent."""
    authority, trusted = trustme.CA(), tmp_path / "ca.pem"
    (trustme.CA() if kind == "authority" else authority).cert_pem.write_to_path(trusted)
    issued = authority.issue_cert("127.0.0.2" if kind == "name" else "127.0.0.1", not_after=PAST if kind == "date" else None)
    certificate, key = tmp_path / "server.pem", tmp_path / "server.key"
    issued.cert_chain_pems[0].write_to_path(certificate)
    issued.private_key_pem.write_to_path(key)
    vcenter = modules.connection("vcenter_")
    with BadVcenter(vcenter, certificate, key) as between:
        between.answers("RetrieveServiceContent", "200 HTML")
        for module in ASKING:
            options = {**between.options, "ca_path": str(trusted), **tasks_of(modules, module)[0]}
            result = run_module(module, options)
            assert result.get("failed") and "exception" not in result
            assert "is not trusted" in result["msg"] and "ca_path" in result["msg"] and "\n" not in result["msg"]
            cells.note("vcenter reply", module, f"certificate with a wrong {kind}", bad_replies.REFUSED)
        assert between.hits == 0
