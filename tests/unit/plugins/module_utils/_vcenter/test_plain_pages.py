# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import gzip
import http.client
import io
import types
import zlib

import pytest
from pyVmomi import SoapAdapter, SoapStubAdapter, VmomiSupport, vim, vmodl

from ansible_collections.calligo.baas.plugins.module_utils._vcenter.plain_pages import PlainPages, misfits, read_plainly

QUERY = vmodl.query.PropertyCollector
# As vCenter 8 writes it.
ENVELOPE = """<?xml version="1.0" encoding="UTF-8"?>
<soapenv:Envelope xmlns:soapenc="http://schemas.xmlsoap.org/soap/encoding/"
 xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/"
 xmlns:xsd="http://www.w3.org/2001/XMLSchema"
 xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">
<soapenv:Body>
{}
</soapenv:Body>
</soapenv:Envelope>"""
PAGE = '<ContinueRetrievePropertiesExResponse xmlns="urn:vim25"><returnval>{}</returnval></ContinueRetrievePropertiesExResponse>'
OBJECT = '<objects><obj type="VirtualMachine">vm-{}</obj>{}</objects>'
PROPERTY = "<propSet><name>{}</name>{}</propSet>"
FAULT = """<soapenv:Fault><faultcode>ServerFaultCode</faultcode><faultstring>no more</faultstring><detail>
<InvalidPropertyFault xmlns="urn:vim25" xsi:type="InvalidProperty"><name>token</name></InvalidPropertyFault></detail></soapenv:Fault>"""

VALUES = {
    "name": '<val xsi:type="xsd:string">Köln &amp; Söhne %2f</val>',
    "config.instanceUuid": '<val xsi:type="xsd:string"/>',
    "config.hardware.numCPU": '<val xsi:type="xsd:int">2</val>',
    "summary.storage.committed": '<val xsi:type="xsd:long">98765432101</val>',
    "config.template": '<val xsi:type="xsd:boolean">false</val>',
    "runtime.consolidationNeeded": '<val xsi:type="xsd:boolean">1</val>',
    "runtime.powerState": '<val xsi:type="VirtualMachinePowerState">poweredOn</val>',
    "runtime.host": '<val type="HostSystem" xsi:type="ManagedObjectReference">host-7</val>',
    "parent": '<val type="Folder" xsi:type="ManagedObjectReference">group-v3</val>',
}
NOT_PLAIN = {
    "a list": '<val xsi:type="ArrayOfString"><string>a</string></val>',
    "a structure": '<val xsi:type="Description"><label>a</label><summary>b</summary></val>',
    "an empty structure": '<val xsi:type="VirtualMachineSnapshotInfo"></val>',
    "a time": '<val xsi:type="xsd:dateTime">2026-11-24T04:00:00Z</val>',
}


def objects(*numbers, values=None):
    properties = "".join(PROPERTY.format(name, value) for name, value in (VALUES if values is None else values).items())
    return "".join(OBJECT.format(number, properties) for number in numbers)


def page(inside, token=""):
    return ENVELOPE.format(PAGE.format(token + inside)).encode()


def reference(kind, moid):
    return VmomiSupport.GetWsdlType("urn:vim25", kind)(moid)


def by_pyvmomi(text):
    deserializer = SoapAdapter.SoapResponseDeserializer(types.SimpleNamespace(version="vim.version.v7_0", SupportServerGUIDs=lambda: False))
    return deserializer.Deserialize(io.BytesIO(text), QUERY.RetrieveResult)


def content(answer):
    rows = [(type(item.obj), item.obj._GetMoId(), {entry.name: entry.val for entry in item.propSet}) for item in answer.objects]
    plain = [(kind, moid, {name: getattr(val, "_moId", val) for name, val in values.items()}) for kind, moid, values in rows]
    return answer.token, plain


def test_a_page_is_read_as_pyvmomi_reads_it():
    text = page(objects(1, 2), "<token>next &lt;page&gt;</token>")
    plain = read_plainly(text, reference)
    assert plain is not None
    assert content(plain) == content(by_pyvmomi(text))
    assert plain.token == "next <page>" and len(plain.objects) == 2
    host = {entry.name: entry.val for entry in plain.objects[0].propSet}["runtime.host"]
    assert isinstance(host, vim.HostSystem)


def test_the_last_page_and_an_empty_one():
    assert content(read_plainly(page(objects(1)), reference))[0] is None
    assert content(read_plainly(page(objects(1, values={})), reference)) == (None, [(vim.VirtualMachine, "vm-1", {})])


@pytest.mark.parametrize("value", NOT_PLAIN.values(), ids=NOT_PLAIN)
def test_what_is_not_plain_is_left_to_pyvmomi(value):
    assert read_plainly(page(objects(1, values={**VALUES, "odd": value})), reference) is None


@pytest.mark.parametrize(
    "text",
    [
        ENVELOPE.format('<RetrievePropertiesExResponse xmlns="urn:vim25"></RetrievePropertiesExResponse>').encode(),
        ENVELOPE.format(FAULT).encode(),
        page('<objects><obj type="VirtualMachine">vm-1</obj><missingSet><path>name</path><fault/></missingSet></objects>'),
        b"<html><body>Bad gateway</body></html>",
        b"not XML",
        b"",
    ],
    ids=["nothing", "fault", "withheld", "html", "text", "empty"],
)
def test_what_is_no_page_is_left_to_pyvmomi(text):
    assert read_plainly(text, reference) is None


class Connection:
    """Answers one request, as http.client does, and notes it."""

    def __init__(self, status=200, text=b"", encoding="identity"):
        self.status, self.reason, self._text, self._encoding = status, "Why not", text, encoding
        self.asked = None
        self.closed = False

    def request(self, method, path, body, headers):
        self.asked = (method, path, body, headers)

    def getresponse(self):
        return self

    def read(self):
        return self._text

    def getheader(self, _name, default):
        return self._encoding or default

    def close(self):
        self.closed = True


class Adapter(PlainPages, SoapStubAdapter):  # type: ignore[misc]
    """As session.py makes it, over one connection that is given."""

    deserializer = SoapAdapter.SoapResponseDeserializer
    fault = vmodl.MethodFault
    reference = staticmethod(reference)

    def __init__(self, connection):
        super().__init__(host="vc", version="vim.version.v7_0")
        self.connection = connection
        self.returned = []

    def GetConnection(self):  # noqa: N802
        return self.connection

    def ReturnConnection(self, conn):  # noqa: N802
        self.returned.append(conn)


def retrieve(connection):
    adapter = Adapter(connection)
    collector = QUERY("propertyCollector", adapter)
    return adapter, collector.ContinueRetrievePropertiesEx(token="t")


@pytest.mark.parametrize(("encoding", "pack"), [("identity", bytes), ("gzip", gzip.compress), ("deflate", zlib.compress)])
def test_an_answer_over_the_adapters_connection(encoding, pack):
    connection = Connection(text=pack(page(objects(1))), encoding=encoding)
    adapter, answer = retrieve(connection)
    assert [item.obj._GetMoId() for item in answer.objects] == ["vm-1"]
    method, path, body, headers = connection.asked
    assert (method, path, headers["SOAPAction"]) == ("POST", adapter.path, adapter.versionId)
    assert b">t</token>" in body
    assert adapter.returned == [connection]


def test_pyvmomi_gets_what_is_not_plain():
    _adapter, answer = retrieve(Connection(text=page(objects(1, values={"odd": NOT_PLAIN["a structure"]}))))
    assert isinstance(answer, QUERY.RetrieveResult)
    assert answer.objects[0].propSet[0].val.label == "a"


def test_a_fault_is_raised():
    with pytest.raises(vmodl.query.InvalidProperty) as caught:
        retrieve(Connection(500, ENVELOPE.format(FAULT).encode()))
    assert caught.value.name == "token"


@pytest.mark.parametrize(
    ("connection", "words"),
    [
        (Connection(502, b"<html/>"), "502 Why not"),
        (Connection(text=b"no gzip", encoding="gzip"), "cannot be decompressed"),
        # pyVmomi alone takes these two for an answer that names no object.
        (Connection(text=b"<html><body>Please log in</body></html>"), "none to ContinueRetrievePropertiesEx"),
        (Connection(text=ENVELOPE.format("").encode()), "none to ContinueRetrievePropertiesEx"),
        (Connection(text=page(objects(1))[:-20]), "makes no sense"),
        (Connection(500, b"<html><body>Bad gateway</body></html>"), "without a fault"),
    ],
)
def test_an_answer_that_makes_no_sense_is_never_an_empty_one(connection, words):
    with pytest.raises(http.client.HTTPException, match=words):
        retrieve(connection)


def test_what_is_relied_on_of_pyvmomi_is_there_and_a_change_of_it_is_noticed():
    deserializer = SoapAdapter.SoapResponseDeserializer
    assert misfits(SoapStubAdapter, deserializer) == []

    class Changed(SoapStubAdapter):
        GetConnection = None

        def SerializeRequest(self, mo, info, args, options):  # noqa: N802
            pass

    assert misfits(Changed, deserializer) == ["SerializeRequest", "GetConnection"]
    assert misfits(SoapStubAdapter, object) == ["Deserialize"]
