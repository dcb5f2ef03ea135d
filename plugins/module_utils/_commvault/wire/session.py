# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection: may change in any release.

from __future__ import annotations

import contextlib
import signal
import threading
import typing as t
import urllib.parse

from ansible.module_utils.basic import env_fallback

from ..._core.argspec import ArgumentSpec
from ..._core.errors import UNREADABLE, InputError, unreadable
from .client import Commvault
from .pool import PARALLEL, Pool
from .transport import Transport

if t.TYPE_CHECKING:
    from ..._core.runner import Context


LOOPBACK = ("127.0.0.1", "::1", "localhost")


def _env(name: str) -> dict[str, t.Any]:
    return {"fallback": (env_fallback, [name])}


OPTIONS = ArgumentSpec(
    {
        "host": {"type": "str", "required": True, **_env("COMMVAULT_HOST")},
        "username": {"type": "str", **_env("COMMVAULT_USERNAME")},
        "password": {"type": "str", "no_log": True, **_env("COMMVAULT_PASSWORD")},
        "token": {"type": "str", "no_log": True, **_env("COMMVAULT_TOKEN")},
        "validate_certs": {"type": "bool", "default": True, **_env("COMMVAULT_VALIDATE_CERTS")},
        "ca_path": {"type": "path", **_env("COMMVAULT_CA_PATH")},
        "allow_http": {"type": "bool", "default": False, **_env("COMMVAULT_ALLOW_HTTP")},
        "api_base_path": {"type": "str", "default": "/commandcenter/api", **_env("COMMVAULT_API_BASE_PATH")},
        "company": {"type": "str"},
        "company_id": {"type": "int"},
        "accept_unknown_owners": {"type": "bool", "default": False},
        "connect_timeout": {"type": "float", "default": 10.0},
        "read_timeout": {"type": "float", "default": 120.0},
        "parallel": {"type": "int", "default": PARALLEL},
        "planned": {"type": "list", "elements": "str"},
    },
    {
        "mutually_exclusive": [("company", "company_id")],
        "required_one_of": [("token", "password")],
        "required_together": [("username", "password")],
    },
)
"""How a module reaches Commvault. The doc fragment calligo.baas.commvault describes the same options."""


@contextlib.contextmanager
def connect(context: Context) -> t.Iterator[Commvault]:
    """Open a client from a module's options; it logs in at its first call and out at the end, also after an error."""
    params = context.params
    client = Commvault(
        transport=Transport(_verify(params), params["connect_timeout"], params["read_timeout"]),
        root=root_url(params["host"], params["api_base_path"], params["allow_http"]),
        user=params["username"],
        password=_one_line("password", params["password"]),
        token=_one_line("token", params["token"]),
        company=params["company"],
        company_id=params["company_id"],
        accept_unknown_owners=params["accept_unknown_owners"],
        warn=context.warn,
        say=context.say,
        missing=context.missing,
        permit=context.permit,
        pool=Pool(params["parallel"]),
    )
    try:
        with _ended_by_signal():
            yield client
    except UNREADABLE as error:
        raise unreadable(error, f"Commvault's last answer, to {client.last},") from error
    finally:
        client.close()


@contextlib.contextmanager
def _ended_by_signal() -> t.Iterator[None]:
    """SIGTERM ends the module as an error does, so that its session is closed. Only a main thread may take signals."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def end(*_arguments: t.Any) -> None:
        raise SystemExit(128 + signal.SIGTERM)

    before = signal.signal(signal.SIGTERM, end)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before if before is not None else signal.SIG_DFL)


def _one_line(option: str, secret: str | None) -> str | None:
    """A password or token without the line end that reading a file leaves. Raises InputError for other control characters."""
    secret = secret and secret.rstrip("\r\n")
    if secret and any(ord(sign) < 32 or ord(sign) == 127 for sign in secret):
        raise InputError(f"{option} holds a line end or another control character: give it as one line.")
    if option == "token" and secret and (not secret.isascii() or secret != secret.strip()):
        raise InputError("token begins or ends with a space, or holds signs other than ASCII: give it as the server issued it.")
    return secret


def _verify(params: dict[str, t.Any]) -> bool | str:
    return (params["ca_path"] or True) if params["validate_certs"] else False


def root_url(host: str, base_path: str, allow_http: bool = False) -> str:
    """Scheme, host and base path. Without a scheme it is https. http would show the login to everybody on the way, so that it is refused
    but for this machine itself, where it is allowed (a simulator).
    """
    url = host if "://" in host else f"https://{host}"
    parts = urllib.parse.urlsplit(url)
    if parts.scheme not in ("https", "http") or not parts.hostname or parts.path.strip("/") or parts.query or parts.username:
        # What it is may hold a password, so that it is not quoted.
        raise InputError("host: give a host name or https://name[:port], without a path or credentials. The path goes into api_base_path.")
    if parts.scheme == "http" and not (allow_http and parts.hostname in LOOPBACK):
        raise InputError(
            f"host is http://{parts.netloc}: the login would be sent in clear. Give https://{parts.netloc}. Only a server on this machine "
            "itself (127.0.0.1, ::1, localhost) may be reached so, with allow_http."
        )
    return f"{parts.scheme}://{parts.netloc}/{base_path.strip('/')}".rstrip("/")
