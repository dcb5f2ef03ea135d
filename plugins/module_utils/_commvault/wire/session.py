# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection: may change in any release.

from __future__ import annotations

import contextlib
import typing as t
import urllib.parse

from ansible.module_utils.basic import env_fallback

from ..._core.argspec import ArgumentSpec
from ..._core.errors import InputError
from .client import Commvault
from .pool import PARALLEL, Pool
from .transport import Transport

if t.TYPE_CHECKING:
    from ..._core.runner import Context


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
        "api_base_path": {"type": "str", "default": "/commandcenter/api", **_env("COMMVAULT_API_BASE_PATH")},
        "company": {"type": "str"},
        "company_id": {"type": "int"},
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
        root=root_url(params["host"], params["api_base_path"]),
        user=params["username"],
        password=params["password"],
        token=params["token"],
        company=params["company"],
        company_id=params["company_id"],
        warn=context.warn,
        missing=context.missing,
        permit=context.permit,
        pool=Pool(params["parallel"]),
    )
    try:
        yield client
    finally:
        client.close()


def _verify(params: dict[str, t.Any]) -> bool | str:
    return (params["ca_path"] or True) if params["validate_certs"] else False


def root_url(host: str, base_path: str) -> str:
    """Scheme, host and base path. Without a scheme it is https; http is used only where the user wrote http."""
    url = host if "://" in host else f"https://{host}"
    parts = urllib.parse.urlsplit(url)
    if parts.scheme not in ("https", "http") or not parts.hostname or parts.path.strip("/") or parts.query or parts.username:
        raise InputError(
            f'host is "{host}": give a host name or https://name[:port], without a path or credentials. The path goes into api_base_path.'
        )
    return f"{parts.scheme}://{parts.netloc}/{base_path.strip('/')}".rstrip("/")
