# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""No secret comes out, whatever a server says: each that an option holds, sent back in plain, Base64, URL and JSON form, in every error."""

from __future__ import annotations

import base64
import http.server
import json
import os
import re
import subprocess
import sys
import threading
import typing as t
import urllib.parse
from pathlib import Path

import pytest

from ansible_collections.calligo.baas.plugins.module_utils._core.runner import Inline, run_inline
from ansible_collections.calligo.baas.tests.matrices.matrix import CHECKOUT, Counts, cells
from ansible_collections.calligo.baas.tests.support.collection import Module, module_names, options_below
from ansible_collections.calligo.baas.tests.support.modules import Json, run_module

CANARY = 'C4nary "ü& {place}/+='
"""What each secret is, with its place: it looks different in each form."""
FORMS: t.Mapping[str, t.Callable[[str], str]] = {
    "plain": str,
    "Base64": lambda secret: base64.b64encode(secret.encode()).decode(),
    "URL": urllib.parse.quote,
    "form": urllib.parse.quote_plus,
    "JSON": lambda secret: json.dumps(secret)[1:-1],
}


def _envelope(**parts: t.Any) -> t.Callable[[str], Json]:
    """A reply whose words are what was sent."""

    def fill(part: t.Any, said: str) -> t.Any:
        if isinstance(part, dict):
            return {key: fill(inner, said) for key, inner in part.items()}
        if isinstance(part, list):
            return [fill(inner, said) for inner in part]
        return said if part == "<said>" else part

    return lambda said: t.cast(Json, fill(parts, said))


CODE = {"errorCode": 5, "errorMessage": "<said>"}
KINDS: t.Mapping[str, tuple[int, t.Callable[[str], Json | str]]] = {
    "400": (400, _envelope(**CODE)),
    "401": (401, _envelope(**CODE)),
    "403": (403, _envelope(**CODE)),
    "404": (404, _envelope(**CODE)),
    "409": (409, _envelope(**CODE)),
    "500 JSON": (500, _envelope(error=CODE)),
    "502 HTML": (502, lambda said: f"<html><title>502 {said}</title><body>{said}</body></html>"),
    "200 HTML": (200, lambda said: f"<html><title>{said}</title></html>"),
    "200 text": (200, lambda said: said),
    "200 cut": (200, lambda said: '{"providers": [{"connectName": ' + json.dumps(said)),
    "200 {}": (200, lambda said: {}),
    "flat code": (200, _envelope(errorCode=5, errorMessage="<said>", errorString="<said>")),
    "error": (200, _envelope(error={**CODE, "errLogMessage": "<said>"})),
    "response": (200, _envelope(response=[{"errorCode": 5, "errorString": "<said>"}])),
    "errors": (200, _envelope(errors=[CODE])),
    "genericError": (200, _envelope(genericError=CODE)),
    "errList": (200, _envelope(errList=[CODE])),
    "errorResp": (200, _envelope(errorResp=CODE)),
    "rows of text": (200, _envelope(providers=["<said>"], companies=["<said>"], jobs=["<said>"], regions=["<said>"])),
    "warning": (200, _envelope(warningCode=1, warningMessage="<said>", providers=[], errorCode=0, token="QSDK x")),
    "redirect": (302, _envelope(**CODE)),
}
"""Errors: the status, and the body made of what was sent."""


class Echo(http.server.BaseHTTPRequestHandler):
    """Sends back what it was sent, in all forms. The path says the error: /<number of the kind>/<login: whether that answers, too>/…"""

    secrets: t.ClassVar[tuple[str, ...]] = ()

    def do_GET(self) -> None:
        _empty, kind, login, *rest = urllib.parse.urlsplit(self.path).path.split("/")
        status, body = list(KINDS.values())[int(kind)]
        length = int(self.headers.get("Content-Length") or 0)
        sent = self.rfile.read(length).decode() + " " + " ".join(self.headers.values()) + " " + self.path
        said = " ".join([sent, *(form(secret) for secret in self.secrets for form in FORMS.values())])
        content = body(said)
        if rest == ["Login"] and login != "login":
            status, content = 200, {"token": "QSDK 0123"}
        data = (content if isinstance(content, str) else json.dumps(content)).encode()
        self.send_response(status)
        self.send_header("Content-Type", "text/html" if isinstance(content, str) else "application/json")
        self.send_header("Content-Length", str(len(data)))
        if status == 302:
            self.send_header("Location", f"http://127.0.0.1:1/{urllib.parse.quote(said[:500])}")
        self.end_headers()
        self.wfile.write(data)

    do_POST = do_PUT = do_DELETE = do_GET  # noqa: N815 - names of the library

    def log_message(self, *_arguments: t.Any) -> None:
        """Nothing."""


@pytest.fixture(scope="module")
def echo() -> t.Iterator[str]:
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Echo)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


@pytest.fixture(scope="module")
def counts() -> t.Iterator[Counts]:
    counted = Counts("secrets")
    yield counted
    counted.keep()


def secrets_of(name: str) -> list[str]:
    """The options of a module that hold a secret."""
    return [path for path, option in options_below(Module(name).arguments()["argument_spec"]) if option.get("no_log")]


def options_with(name: str) -> tuple[list[Json], dict[str, str]]:
    """Options of a module in which each secret is a canary of its own, and the canaries. With exclusive options it takes several tasks."""
    canaries = {path: CANARY.format(place=path.replace(".", "-")) for path in secrets_of(name)}
    minimal: dict[str, list[Json]] = {
        "commvault_agent": [{"agents": [{"client": "a", "types": ["file_system"], "host_username": "u", "host_password": "<it>"}]}],
        "commvault_credential": [{"name": "c", "account_type": "windows", "account": "u", "account_password": "<it>"}],
        "commvault_hypervisor": [
            {"name": "h", "vcenter_host": "v", "vcenter_username": "u", "vcenter_password": "<it>", "access_nodes": ["n"]}
        ],
        "commvault_restore": [
            {"vm": {"name": "v", "hypervisor": "h", "destination": {**PLACE, "vcenter": {**VCENTER, "password": "<it>"}}}},
            {"vm": {"name": "v", "hypervisor": "h", "in_place": {"vcenter": {**VCENTER, "password": "<it>"}}}},
            {"guest_files": {"name": "v", "hypervisor": "h", "paths": ["/x"], "destination_vm": {"username": "u", "password": "<it>"}}},
        ],
        "commvault_sql_instance": [
            {
                "instances": [
                    {"client": "c", "instance": "i", "authentication": "windows_account", "account": "u", "account_password": "<it>"}
                ]
            }
        ],
        "commvault_user": [{"name": "u", "email": "u@example.com", "user_password": "<it>"}],
        "commvault_vm_group": [{"name": "g", "hypervisor": "h", "vcenter": {**VCENTER, "password": "<it>"}}],
    }

    def fill(row: Json) -> Json:
        return {key: _canary(canaries, key) if value == "<it>" else value for key, value in row.items()}

    tasks = minimal.get(name, [_required(Module(name).arguments()["argument_spec"])])
    made: list[Json] = [json.loads(json.dumps(task), object_hook=fill) for task in tasks]
    return made, canaries


PLACE: Json = {"new_name": "n", "esx_host": "e", "datastore": "d", "folder": "f", "network": "w"}
VCENTER: Json = {"hostname": "127.0.0.1", "port": 1, "username": "u"}


def _canary(canaries: t.Mapping[str, str], option: str) -> str:
    return next(canary for path, canary in canaries.items() if path.rpartition(".")[2] == option and (path != "password" or option != path))


def _required(spec: Json) -> Json:
    """The options that a module has to be given, with any value."""
    values: dict[str, t.Any] = {"str": "x", "int": 1, "dict": {}, "list": []}
    return {
        name: ([_required(option["options"])] if option.get("type") == "list" and option.get("options") else
               [1 if option.get("elements") == "int" else "x"] if option.get("type") == "list" else
               (option.get("choices") or [values.get(option.get("type", "str"), "x")])[0])
        for name, option in spec.items()
        if option.get("required") and name != "host"
    }  # fmt: skip


def leaks(text: str, secrets: t.Iterable[str]) -> list[str]:
    """The forms in which a text holds a secret, read as it is and as what it says where it is JSON."""
    said = re.sub(r"\\u([0-9a-f]{4})", lambda match: chr(int(match[1], 16)), text)
    read = (text, said, said.replace('\\"', '"'), said.replace("\\\\", "\\"))
    return [f"{name}: {secret}" for secret in secrets for name, form in FORMS.items() if any(form(secret) in one for one in read)]


COMMVAULT = [name for name in module_names() if name.startswith("commvault_")]
EVERY = [(name, kind) for name in COMMVAULT for kind in KINDS]


@pytest.mark.usefixtures("waiting_is_short")
@pytest.mark.parametrize("way", ["sent", "inline"])
@pytest.mark.parametrize(("name", "kind"), cells(EVERY, 24))
def test_no_result_holds_a_secret(echo, counts, name, kind, way):
    """Sent to its host, and inside Ansible's process, with a password and with a token."""
    number = list(KINDS).index(kind)
    made, canaries = options_with(name)
    password, token = CANARY.format(place="password"), "QSDK C4nary+/=token"
    Echo.secrets = (*canaries.values(), password, token)
    for options in made:
        for login, known in (("login", {"password": password}), ("after", {"password": password}), ("after", {"token": token})):
            account = {"username": "u", **known} if "password" in known else known
            where = {"host": echo, "allow_http": True, "api_base_path": f"/{number}/{login}", "read_timeout": 20}
            text = _outcome(name, {**options, **account, **where}, way)
            sent = [token] if "token" in known else [password]
            told = [canary for canary in canaries.values() if _holds(options, canary)]
            assert leaks(text, [*sent, *told]) == []
            counts.add(kind, "no secret")


def _holds(options: t.Any, canary: str) -> bool:
    if isinstance(options, dict):
        return any(_holds(value, canary) for value in options.values())
    return any(_holds(value, canary) for value in options) if isinstance(options, list) else options == canary


def _outcome(name: str, options: Json, way: str) -> str:
    """All that a module says: its result and its warnings."""
    if way == "sent":
        result = run_module(name, options)
        result.pop("invocation", None)
        assert "Traceback" not in json.dumps(result), result
        return json.dumps(result, ensure_ascii=False)
    import importlib

    main = importlib.import_module(f"ansible_collections.calligo.baas.plugins.modules.{name}").main
    said: list[str] = []
    result = run_inline(main, Inline(f"calligo.baas.{name}", options, False, True, said.append))
    return json.dumps([result, said], ensure_ascii=False)


@pytest.mark.parametrize("name", [name for name in COMMVAULT if secrets_of(name) != ["password", "token"]])
def test_every_secret_is_in_a_task(name):
    made, canaries = options_with(name)
    own = {path: canary for path, canary in canaries.items() if path not in ("password", "token")}
    assert own and all(any(path.rpartition(".")[2] in json.dumps(task) for task in made) for path in own)


def test_a_play_at_the_highest_verbosity_holds_no_secret_anywhere(echo, counts, tmp_path):
    """Output at -vvvvv, the cache of facts, temporary files and the list of processes."""
    password = CANARY.format(place="play")
    Echo.secrets = (password,)
    chosen = cells([(kind, inline) for kind in KINDS for inline in (True, False)], 4)
    tasks = [
        {
            "name": f"{kind}, {'in the process' if inline else 'sent'}",
            "calligo.baas.commvault_company_info": {
                "host": echo,
                "allow_http": True,
                "username": "u",
                "password": "{{ canary }}",
                "api_base_path": f"/{list(KINDS).index(kind)}/{'after' if inline else 'login'}",
            },
            "ignore_errors": True,
            "timeout": 1 if kind.startswith(("502", "200")) else 0,  # what is repeated takes long
            **({} if inline else {"environment": {"SENT": "1"}}),
            "register": "told",
        }
        for kind, inline in chosen
    ]
    keep = {"name": "Keep", "ansible.builtin.set_fact": {"told": "{{ told }}", "cacheable": True}}
    play = {"hosts": "localhost", "gather_facts": False, "tasks": [*tasks, keep]}
    (tmp_path / "play.yml").write_text(json.dumps([play]), encoding="utf-8")
    (tmp_path / "vars.json").write_text(json.dumps({"canary": password}), encoding="utf-8")
    output, processes = _play(tmp_path)
    assert output.count("ASK [") >= len(tasks)
    written = [
        file.read_text(encoding="utf-8", errors="replace") for file in tmp_path.rglob("*") if file.is_file() and file.name != "vars.json"
    ]
    assert leaks(output, [password]) == []
    assert [leak for text in [processes, *written] for leak in leaks(text, [password])] == []
    assert any("told" in text for text in written), "the cache of facts was written"
    counts.add("a play at -vvvvv", "no secret", len(tasks))


def _play(folder: Path) -> tuple[str, str]:
    """Run a play; its output, and the command lines of all processes that were seen meanwhile."""
    command = [str(Path(sys.executable).parent / "ansible-playbook"), "-i", "localhost,", "-c", "local", str(folder / "play.yml")]
    command += ["-vvvvv", "-e", f"@{folder / 'vars.json'}", "-e", "ansible_python_interpreter={{ ansible_playbook_python }}"]
    env = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    env |= {"ANSIBLE_CONFIG": str(CHECKOUT / "ansible.cfg"), "ANSIBLE_HOME": str(folder / "home"), "ANSIBLE_NOCOLOR": "1"}
    env |= {"ANSIBLE_CACHE_PLUGIN": "jsonfile", "ANSIBLE_CACHE_PLUGIN_CONNECTION": str(folder / "facts"), "TMPDIR": str(folder)}
    env |= {"ANSIBLE_LOG_PATH": str(folder / "ansible.log"), "ANSIBLE_LOCAL_TEMP": str(folder / "tmp")}
    seen: set[str] = set()
    with subprocess.Popen(command, cwd=CHECKOUT, env=env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as process:
        ended = threading.Event()
        watcher = threading.Thread(target=_watch, args=(seen, ended))
        watcher.start()
        try:
            output = process.communicate(timeout=600)[0]
        finally:
            ended.set()
            watcher.join()
    return output, "\n".join(seen)


def _watch(seen: set[str], ended: threading.Event) -> None:
    while not ended.wait(0.02):
        for entry in Path("/proc").glob("[0-9]*/cmdline"):
            try:
                seen.add(entry.read_bytes().replace(b"\0", b" ").decode("utf-8", "replace"))
            except OSError:
                continue
