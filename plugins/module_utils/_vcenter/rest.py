# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection: may change in any release.

from __future__ import annotations

import base64
import dataclasses
import functools
import http.client
import json
import re
import ssl
import typing as t

from .._core.errors import ApiError, AuthenticationFailed
from .plain_pages import BoundedResponse

Json = t.Any
Fits = t.Callable[[Json], bool]
"""Whether an answer, or a row of one, is what the call promises."""
TOKEN_HEADER = "vmware-api-session-id"  # noqa: S105 - the name of a header
TOKEN = re.compile(r'[^\s<>"{}]+( [^\s<>"{}]+)*')
"""What a session's token looks like; a page that something in between sends is none."""
ANSWER_SHOWN = 200  # characters of an answer that is no JSON
WAY_OUT = "Look at the server, and for a proxy between, then run this again."


@dataclasses.dataclass(frozen=True)
class Dialect:
    """How a generation of the vSphere Automation API is spoken: the same services at other paths.

    wrapped: answers come as {"value": ...}. own_path: an id, and the id that an action is about, stand in the path as id:<id>.
    """

    session: str
    base: str
    action: str
    wrapped: bool
    own_path: bool


# Served from vSphere 6.5 on, and deprecated since 7.0 U2 in favour of the other, which is tried first.
REST = Dialect("/rest/com/vmware/cis/session", "/rest/com/vmware", "~action", wrapped=True, own_path=True)
API = Dialect("/api/session", "/api", "action", wrapped=False, own_path=False)


class Rest:
    """The part of vCenter that only its REST API has (tags), over one connection that is kept.

    Logs in with the first call, so a session costs nothing where no tag is asked for. Errors of the network are left to the caller.
    """

    def __init__(
        self,
        host: str,
        port: int,
        trust: ssl.SSLContext,
        username: str,
        password: str,
        connect_timeout: float,
        read_timeout: float,
        asks: t.Callable[[str], None] = lambda call: None,
    ) -> None:
        """asks: is told of each call before it is sent."""
        self._address = f"{host}:{port}"
        self._connection = http.client.HTTPSConnection(host, port, context=trust, timeout=connect_timeout)
        self._connection.response_class = functools.partial(BoundedResponse, seconds=read_timeout)  # type: ignore[assignment]
        self._read_timeout = read_timeout
        self._user, self._password = username, password
        self._dialect = API
        self._token: str | None = None
        self._asks = asks

    def ids(self, service: str) -> list[str]:
        """All ids that a service lists, such as cis/tagging/category."""
        return self._rows("GET", f"/{service}", None, is_text)

    def get(self, service: str, identifier: str, *keys: str) -> dict[str, Json]:
        """One object of a service by its id. keys: what it has for certain, texts."""
        path = f"/{service}/{'id:' if self._spoken().own_path else ''}{identifier}"
        answer = self._call("GET", path)
        if not isinstance(answer, dict) or not all(is_text(answer.get(key)) for key in keys):
            raise self._strange("GET", path, answer)
        return answer

    def act(self, service: str, action: str, body: dict[str, Json], fits: Fits) -> list[Json]:
        """An action that reads, such as list-attached-tags-on-objects of cis/tagging/tag-association. fits: judges each row."""
        return self._rows("POST", f"/{service}?{self._spoken().action}={action}", body, fits)

    def act_on(self, service: str, action: str, name: str, identifier: str) -> list[str]:
        """An action about one object that gives ids. name: what the newer dialect calls its id in the body."""
        if self._spoken().own_path:
            return self._rows("POST", f"/{service}/id:{identifier}?{self._dialect.action}={action}", {}, is_text)
        return self.act(service, action, {name: identifier}, is_text)

    def close(self) -> None:
        """Log out, if there was a login, and close the connection. Errors are left to the caller."""
        try:
            if self._token is not None:
                self._send("DELETE", self._dialect.session)
        finally:
            self._token = None
            self._connection.close()

    def _rows(self, method: str, path: str, body: Json, fits: Fits) -> list[Json]:
        """A list of what fits."""
        answer = self._call(method, path, body)
        if not isinstance(answer, list) or not all(map(fits, answer)):
            raise self._strange(method, path, answer)
        return answer

    def _strange(self, method: str, path: str, answer: Json) -> ApiError:
        return ApiError(
            f"{self._address} does not answer as a vCenter does to {method} {path}: {_message(answer)}. Check for a proxy between.",
            call=f"{method} {path}",
            server_message=_message(answer),
        )

    def _spoken(self) -> Dialect:
        if self._token is None:
            self._login()
        return self._dialect

    def _call(self, method: str, path: str, body: Json = None) -> Json:
        status, answer = self._send(method, self._spoken().base + path, body)
        if status == 401:  # the session has ended: once more, with another one
            self._login()
            status, answer = self._send(method, self._dialect.base + path, body)
        if status >= 300:
            raise ApiError(
                f"vCenter {self._address} answered {status} to {method} {path}: {_message(answer)}. {WAY_OUT}",
                call=f"{method} {path}",
                status=status,
                server_message=_message(answer),
            )
        if self._dialect.wrapped and isinstance(answer, dict) and "value" in answer:
            return [] if answer["value"] is None else answer["value"]  # what is empty may be null
        return answer

    def _login(self) -> None:
        credentials = base64.b64encode(f"{self._user}:{self._password}".encode()).decode()
        self._token = None
        for dialect in (API, REST):
            status, answer = self._send("POST", dialect.session, authorization=f"Basic {credentials}")
            self._dialect = dialect
            if status != 404:
                break
        if status == 401:
            raise AuthenticationFailed(
                f'The REST API of vCenter {self._address} refused the user "{self._user}" or the password, which it needs for tags. '
                "Check that this user may log in there, too.",
                call=f"POST {self._dialect.session}",
                status=status,
            )
        token = answer.get("value") if isinstance(answer, dict) else answer
        if status >= 300 or not isinstance(token, str) or not TOKEN.fullmatch(token):
            raise ApiError(
                f"The REST API of vCenter {self._address}, which has the tags, gives no session: {status} {_message(answer)}. {WAY_OUT}",
                call=f"POST {self._dialect.session}",
                status=status,
            )
        self._token = token

    def _send(self, method: str, path: str, body: Json = None, authorization: str | None = None) -> tuple[int, Json]:
        headers = {"Accept": "application/json"}
        if authorization is not None:
            headers["Authorization"] = authorization
        if self._token is not None:
            headers[TOKEN_HEADER] = self._token
        if body is not None:
            headers["Content-Type"] = "application/json"
        if method != "DELETE":  # of the session, which follows an error, too
            self._asks(f"{method} {path}")
        if self._connection.sock is None:
            self._connection.connect()
            t.cast(ssl.SSLSocket, self._connection.sock).settimeout(self._read_timeout)
        self._connection.request(method, path, None if body is None else json.dumps(body), headers)
        response = self._connection.getresponse()
        text = response.read().decode("utf-8", "replace")
        try:
            return response.status, json.loads(text) if text else None
        except ValueError:
            return response.status, text


def is_text(value: Json) -> bool:
    return isinstance(value, str)


def _message(answer: Json) -> str:
    """What an error's answer says in words: {"messages": [{"default_message"}]}, which the older dialect wraps in a value."""
    inner = answer.get("value", answer) if isinstance(answer, dict) else answer
    if not isinstance(inner, dict):
        return " ".join(re.sub(r"<[^>]*>", " ", str(inner or "nothing more")).split())[:ANSWER_SHOWN]
    texts = [str(message.get("default_message", "")) for message in inner.get("messages") or []]
    return "; ".join(filter(None, texts)) or str(inner.get("error_type") or "nothing more")
