# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection: may change in any release.

from __future__ import annotations

import contextlib
import dataclasses
import datetime
import functools
import http.client
import ssl
import time
import traceback
import typing as t
import xml.parsers.expat

from ansible.module_utils.basic import env_fallback

from .._core.argspec import ArgumentSpec
from .._core.errors import ApiError, AuthenticationFailed, ConnectionFailed, InputError, MissingLibrary
from . import plain_pages
from .rest import Rest

try:
    import pyVmomi
    from pyVmomi import SoapAdapter, SoapStubAdapter, VmomiSupport, vim, vmodl
except ImportError:
    PYVMOMI_ERROR: str | None = traceback.format_exc()
else:
    PYVMOMI_ERROR = None

if t.TYPE_CHECKING:
    from .._core.runner import Context

T = t.TypeVar("T")

# What is asked for has existed since 5.5, and every server answers in the words of an older version when asked in it. A
# fixed version saves asking which one to use, a TLS connection and a call of its own.
API_VERSION = "vim.version.v7_0"
TIMEOUT = 300.0  # seconds without a byte from the server
MINIMUM = (8, 0, 3)
"""The oldest pyVmomi that is supported, as requirements.txt says; before 8.0.0 it does not even know API_VERSION."""


def _env(name: str) -> dict[str, t.Any]:
    return {"fallback": (env_fallback, [name])}


OPTIONS = ArgumentSpec(
    {
        "hostname": {"type": "str", "required": True, **_env("VMWARE_HOST")},
        "username": {"type": "str", "required": True, **_env("VMWARE_USER")},
        "password": {"type": "str", "required": True, "no_log": True, **_env("VMWARE_PASSWORD")},
        "port": {"type": "int", "default": 443, **_env("VMWARE_PORT")},
        "validate_certs": {"type": "bool", "default": True, **_env("VMWARE_VALIDATE_CERTS")},
        "ca_path": {"type": "path"},
        "connect_timeout": {"type": "float", "default": 30.0},
    }
)
"""How a module reaches vCenter. The doc fragment calligo.baas.vcenter describes the same options."""


@dataclasses.dataclass(frozen=True)
class Clock:
    """A server's time, and by how many seconds it was ahead of this machine's; negative where it was behind."""

    time: datetime.datetime
    ahead_seconds: float


@dataclasses.dataclass(frozen=True)
class VCenter:
    """An open session.

    content: the ServiceContent of the vSphere API, where every manager is found.
    login: logs in anew, after the session has ended. expired: what pyVmomi raises when it has.
    vim, query: pyVmomi's types and those of its property collector, so that no other file imports pyVmomi.
    fault: what pyVmomi raises when the server refuses or fails a call.
    rest: vCenter's REST API, which alone has tags; nobody logs in to it unless it is used.
    """

    address: str
    content: t.Any
    vim: t.Any
    query: t.Any
    fault: type[Exception]
    rest: Rest
    login: t.Callable[[], object] = lambda: None
    expired: type[Exception] | tuple[()] = ()

    def reading(self, read: t.Callable[[], T]) -> T:
        """Read, and where the session has ended meanwhile, log in and read again from the start: views and pages have ended with it."""
        try:
            return read()
        except self.expired:
            self.login()
            return read()

    def machine(self, moid: str) -> t.Any:
        """A reference to the VM with this managed object id."""
        return self.vim.VirtualMachine(moid, self.content.propertyCollector._stub)  # noqa: SLF001 - pyVmomi has no other name for it

    def clock(self) -> Clock:
        """What vCenter's clock says now, and how far it is ahead of this machine's."""
        instance = self.vim.ServiceInstance("ServiceInstance", self.content.propertyCollector._stub)  # noqa: SLF001 - as above
        before = time.time()
        now: datetime.datetime = instance.CurrentTime()
        return Clock(now, round(now.timestamp() - (before + time.time()) / 2, 3))


@contextlib.contextmanager
def connect(context: Context) -> t.Iterator[VCenter]:
    """Log in with a module's options, and out again at the end, also after an error.

    Errors of pyVmomi and of the network that happen while the session is open become errors of the collection.
    """
    if PYVMOMI_ERROR is not None:
        raise MissingLibrary("pyvmomi", PYVMOMI_ERROR)
    params = context.params
    address = f"{params['hostname']}:{params['port']}"
    trust = _trust(params["validate_certs"], params["ca_path"])
    patience = params["connect_timeout"]
    stub = _adapter(context)(
        host=params["hostname"], port=params["port"], path="/sdk", version=API_VERSION, sslContext=trust, httpConnectionTimeout=patience
    )
    with _in_our_words(address, params["username"], lambda: stub.asked):
        try:
            content: t.Any = vim.ServiceInstance("ServiceInstance", stub).RetrieveContent()
            if content is None:
                raise http.client.HTTPException("no service content")
            login = functools.partial(content.sessionManager.Login, params["username"], params["password"], None)
            if login() is None:
                raise http.client.HTTPException("no session")
            rest = Rest(params["hostname"], params["port"], trust, params["username"], params["password"], patience, TIMEOUT, stub.asks)
            expired = vim.fault.NotAuthenticated
            try:
                yield VCenter(address, content, vim, vmodl.query.PropertyCollector, vmodl.MethodFault, rest, login, expired)
            finally:
                # The result, or the error that ended the work, matters more than how the sessions ended.
                with contextlib.suppress(OSError, http.client.HTTPException):
                    rest.close()
                with contextlib.suppress(vmodl.MethodFault, OSError, http.client.HTTPException):
                    content.sessionManager.Logout()
        finally:
            stub.DropConnections()


def _adapter(context: Context) -> t.Any:
    """pyVmomi's way of talking to a server, with the fast way of reading pages before it where it fits."""
    known = tuple(getattr(pyVmomi, "version_info", (0,)))
    version = ".".join(map(str, known))
    if known < MINIMUM:
        wanted = ".".join(map(str, MINIMUM))
        raise InputError(
            f"The Python library pyvmomi is older than {wanted} ({version}). Install pyvmomi>={wanted} on the host that runs this."
        )
    misfits = plain_pages.misfits(SoapStubAdapter, SoapAdapter.SoapResponseDeserializer)
    if misfits:
        context.warn(
            f"pyVmomi {version} works in another way inside than this collection knows ({', '.join(misfits)}): "
            "vCenter's answers are read by pyVmomi alone, which takes longer."
        )

    class Adapter(plain_pages.Connections if misfits else plain_pages.PlainPages, SoapStubAdapter):  # type: ignore[misc]
        deserializer = SoapAdapter.SoapResponseDeserializer
        fault = vmodl.MethodFault
        read_timeout = TIMEOUT

        def reference(self, kind: str, moid: str) -> t.Any:
            return VmomiSupport.GetWsdlType("urn:vim25", kind)(moid, self)

    return Adapter


def _trust(validate: bool, ca_path: str | None) -> ssl.SSLContext:
    try:
        trust = ssl.create_default_context(cafile=ca_path)
    except OSError as error:  # ssl.SSLError is one
        raise InputError(f"ca_path: {ca_path} cannot be read as certificates (PEM): {error}") from error
    if not validate:
        trust.check_hostname = False
        trust.verify_mode = ssl.CERT_NONE
    return trust


@contextlib.contextmanager
def _in_our_words(address: str, username: str, asked: t.Callable[[], str]) -> t.Iterator[None]:
    """Turn what pyVmomi, ssl and the network raise into errors that name the server, the call, the reason and the way out.

    asked: the last call.
    """
    try:
        yield
    except vim.fault.InvalidLogin as error:
        raise AuthenticationFailed(
            f'vCenter {address} refused the user "{username}" or the password. Check both, and the domain in the user name (user@domain).',
            call="Login",
        ) from error
    except vmodl.MethodFault as error:
        raise _refused(address, asked(), error) from error
    except ssl.SSLCertVerificationError as error:
        raise ConnectionFailed(
            f"The certificate of vCenter {address} is not trusted: {error.verify_message}. Give the file of its authority in ca_path, "
            "and use the host name that is in the certificate."
        ) from error
    except OSError as error:
        raise ConnectionFailed(
            f"vCenter {address} cannot be reached{_for(asked())}: {error}. "
            "Check hostname and port, and that this machine may connect to it.",
            sent=True,
            call=asked() or None,
        ) from error
    except (http.client.HTTPException, xml.parsers.expat.ExpatError) as error:
        raise ConnectionFailed(
            f"{address} does not answer as a vCenter does{_for(asked())}: {error}. Check hostname and port, and any proxy between.",
            sent=True,
            call=asked() or None,
        ) from error


def _for(call: str) -> str:
    return f" to {call}" if call and call not in plain_pages.OPENING else ""


def _refused(address: str, call: str, error: t.Any) -> ApiError:
    kind = type(error).__name__.rsplit(".", 1)[-1]
    text = error.msg or kind
    subject = getattr(error, "object", None) or getattr(error, "obj", None)
    hint = ""
    if isinstance(error, vim.fault.NotAuthenticated):
        hint = " The session has ended, and another one did not last either: look whether vCenter restarts, or sessions are ended there."
    elif isinstance(error, vim.fault.NoPermission):
        hint = f" The user lacks the privilege {error.privilegeId}; the role Read-only, propagated, is enough to read."
    return ApiError(
        f"vCenter {address} answered {kind} to {call}: {text.rstrip('.')}.{hint or ' Look at the server, then run this again.'}",
        call=call,
        object=str(subject).strip("'") if subject else None,
        server_code=kind,
        server_message=text,
    )
