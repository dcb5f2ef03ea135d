# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection: may change in any release.

from __future__ import annotations

import dataclasses
import functools
import http.client
import io
import time
import typing as t
import xml.etree.ElementTree as ET
import zlib

PAGED = ("RetrievePropertiesEx", "ContinueRetrievePropertiesEx")
VIM = "{urn:vim25}"
TYPE = "{http://www.w3.org/2001/XMLSchema-instance}type"
XSD: dict[str, t.Callable[[str], t.Any]] = {
    **dict.fromkeys(("string", "anyURI"), str),
    **dict.fromkeys(("byte", "short", "int", "long"), int),
    "boolean": {"true": True, "1": True, "false": False, "0": False}.__getitem__,
}
REFERENCE = "ManagedObjectReference"
LARGEST = 256 << 20
"""Bytes of an answer: pages of thousands of VMs have some megabytes."""
PIECE = 1 << 16
GZIP_OR_ZLIB = 47  # zlib's window size for either, told apart by the data

Reference = t.Callable[[str, str], t.Any]
"""Makes a reference to a managed object from its type and id."""


class Property(t.NamedTuple):
    name: str
    val: t.Any


@dataclasses.dataclass
class Item:
    """One object of an answer. Its fields have the names of pyVmomi's ObjectContent, which it stands in for."""

    obj: t.Any
    propSet: list[Property]  # noqa: N815
    missingSet: tuple[()] = ()  # noqa: N815


@dataclasses.dataclass
class Answer:
    """One page. Stands in for pyVmomi's RetrieveResult."""

    objects: list[Item]
    token: str | None


def read_plainly(text: bytes, reference: Reference) -> Answer | None:
    """A page whose properties are all plain values: text, numbers, truth values, enumerations (as text), references.

    None for any other page: one with structures or lists (devices, snapshots), with something withheld, or that is no page at all.
    """
    if b"ArrayOf" in text:
        return None
    try:
        body = ET.fromstring(text)[-1]  # noqa: S314 - from the server that the user logged in to; expat bounds expansions
        result = body[0][0]
        if result.tag != f"{VIM}returnval":
            return None
        token = result.findtext(f"{VIM}token")
        return Answer([_item(entry, reference) for entry in result.iterfind(f"{VIM}objects")], token)
    except (ET.ParseError, LookupError, TypeError, ValueError):
        return None


def _item(entry: ET.Element, reference: Reference) -> Item:
    obj, *properties = entry
    return Item(reference(obj.attrib["type"], obj.text or ""), [_property(found, reference) for found in properties])


def _property(found: ET.Element, reference: Reference) -> Property:
    name, value = found  # of a missingSet, the second is a fault, which is a structure
    if len(value) or name.text is None:
        raise ValueError("a structure")
    kind = value.attrib[TYPE].rpartition(":")[2]
    text = value.text or ""
    if kind == REFERENCE:
        return Property(name.text, reference(value.attrib["type"], text))
    if kind in XSD:
        return Property(name.text, XSD[kind](text))
    if not text or value.attrib[TYPE] != kind:
        raise ValueError("neither an enumeration nor a type that is known here")
    return Property(name.text, text)


INTERNALS = {
    "InvokeMethod": ("self", "mo", "info", "args", "outerStub"),
    "SerializeRequest": ("self", "mo", "info", "args"),
    "GetConnection": ("self",),
    "ReturnConnection": ("self", "conn"),
    "DropConnections": ("self",),
}
"""What PlainPages relies on of pyVmomi's SoapStubAdapter, as in 8.0.3.0.1 to 9.1.1.0: its methods and their arguments."""
ATTRIBUTES = ("cookie", "path", "versionId")
OPENING = ("RetrieveServiceContent", "Login", "Logout")
"""Calls whose answers pyVmomi takes the session's cookie from."""
CLOSING = ("Logout",)


def misfits(adapter: type, deserializer: type) -> list[str]:
    """What of pyVmomi's internals is not as PlainPages needs it."""
    found = [name for name, arguments in INTERNALS.items() if _arguments(getattr(adapter, name, None)) != arguments]
    if _arguments(getattr(deserializer, "Deserialize", None))[:3] != ("self", "response", "resultType"):
        found.append("Deserialize")
    return found


def _arguments(method: t.Any) -> tuple[str, ...]:
    code = getattr(method, "__code__", None)
    return () if code is None else tuple(code.co_varnames[: code.co_argcount])


class Connections:
    """Goes before pyVmomi's adapter: waits for a connection as long as for one, and for answers as long as for those.

    An answer that is no XML comes from something between here and vCenter, whatever its status, and is refused before it is read.
    connect_timeout is what the adapter was made with; read_timeout: seconds, to a byte and to the end of an answer.
    asked: the last call.
    """

    read_timeout: float
    asked = ""

    def asks(self, call: str) -> None:
        """Note the last call; the end of a session follows an error, too, and is not what it is about."""
        if call not in CLOSING:
            self.asked = call

    def GetConnection(self: t.Any) -> t.Any:  # noqa: N802
        connection = super().GetConnection()  # type: ignore[misc]
        connection.response_class = functools.partial(XmlResponse, seconds=self.read_timeout)
        if connection.sock is None:
            connection.connect()
        connection.sock.settimeout(self.read_timeout)
        return connection

    def InvokeMethod(self: t.Any, mo: t.Any, info: t.Any, args: t.Any, outerStub: t.Any = None) -> t.Any:  # noqa: N802, N803
        """Whatever else pyVmomi raises, it raises because it cannot make sense of an answer."""
        self.asks(info.wsdlName)
        try:
            return super().InvokeMethod(mo, info, args, outerStub)  # type: ignore[misc]
        except (OSError, http.client.HTTPException, self.fault):
            raise
        except Exception as error:
            raise http.client.HTTPException(f"an answer to {info.wsdlName} that makes no sense ({type(error).__name__})") from error


class BoundedResponse(http.client.HTTPResponse):
    """An answer that has an end in time and in size. seconds: from its beginning."""

    def __init__(self, *arguments: t.Any, seconds: float, **options: t.Any) -> None:
        super().__init__(*arguments, **options)
        self._seconds = seconds
        self._until = time.monotonic() + seconds
        self._left = LARGEST

    def read(self, amt: int | None = None) -> bytes:
        """As much as asked for, or all there is; a piece at a time, so that one that comes byte by byte is noticed."""
        pieces, missing = [], amt
        while missing is None or missing > 0:
            piece = self.read1(PIECE if missing is None else min(missing, PIECE))
            if not piece:
                super().read()  # raises where the connection ended before the answer did
                break
            pieces.append(piece)
            missing = None if missing is None else missing - len(piece)
            self._left -= len(piece)
            if self._left < 0:
                raise http.client.HTTPException(f"the answer is larger than {LARGEST >> 20} MiB")
            if time.monotonic() > self._until:
                raise TimeoutError(f"the answer has not ended within {self._seconds:g} seconds")
        return b"".join(pieces)


class XmlResponse(BoundedResponse):
    def begin(self) -> None:
        super().begin()
        kind = str(self.getheader("Content-Type", "")).partition(";")[0].strip().lower()
        if self.status in (200, 500) and kind not in ("text/xml", "application/xml", "application/soap+xml"):
            raise http.client.HTTPException(f"{self.status} {self.reason}, {kind or 'of no type'}")


class PlainPages(Connections):
    """Goes before pyVmomi's SoapStubAdapter: reads pages of plain properties many times faster than it does.

    pyVmomi parses an answer with several calls of Python for each element, which takes longer than all else. Whatever is not a page
    of plain properties is left to it, errors included. deserializer: pyVmomi's SoapResponseDeserializer. reference: as in read_plainly.
    pyVmomi takes an answer to another question, or none, for an empty one: what is missing is told from what is empty here.
    """

    deserializer: t.Any
    reference: Reference

    def InvokeMethod(self: t.Any, mo: t.Any, info: t.Any, args: t.Any, outerStub: t.Any = None) -> t.Any:  # noqa: N802, N803
        self.asks(info.wsdlName)
        if info.wsdlName in OPENING or outerStub is not None:
            return super().InvokeMethod(mo, info, args, outerStub)
        status, text = self._exchange(self.SerializeRequest(mo, info, args))
        if status == 200 and f"{info.wsdlName}Response".encode() not in text:
            raise http.client.HTTPException(f"an answer that is none to {info.wsdlName}")
        answer = read_plainly(text, self.reference) if status == 200 and info.wsdlName in PAGED else None
        if answer is not None:
            return answer
        try:
            result = self.deserializer(self).Deserialize(io.BytesIO(text), info.result)
        except Exception as error:
            raise http.client.HTTPException(f"an answer to {info.wsdlName} that makes no sense ({type(error).__name__})") from error
        if status == 200:
            return result
        if not isinstance(result, Exception):
            raise http.client.HTTPException(f"500 for {info.wsdlName}, without a fault")
        raise result

    def _exchange(self: t.Any, request: bytes) -> tuple[int, bytes]:
        """Status and text of the answer to a request, over one of the adapter's connections."""
        headers = {"Cookie": self.cookie, "SOAPAction": self.versionId, "Content-Type": "text/xml; charset=UTF-8"}
        headers["Accept-Encoding"] = "gzip, deflate"
        connection = self.GetConnection()
        try:
            connection.request("POST", self.path, request, headers)
            response = connection.getresponse()
            text = response.read()
            if response.status not in (200, 500):
                raise http.client.HTTPException(f"{response.status} {response.reason}")
            if response.getheader("Content-Encoding", "identity").lower() in ("gzip", "deflate"):
                text = zlib.decompress(text, GZIP_OR_ZLIB)
        except (OSError, http.client.HTTPException, zlib.error) as error:
            connection.close()
            self.DropConnections()
            if isinstance(error, zlib.error):
                raise http.client.HTTPException(f"an answer that cannot be decompressed ({error})") from error
            raise
        self.ReturnConnection(connection)
        return response.status, text
