# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection: may change in any release.

from __future__ import annotations

import base64
import dataclasses
import random
import threading
import time
import typing as t
import urllib.parse

from ..._core import wait
from ..._core.errors import ApiError, AuthenticationFailed, BaasError, ConnectionFailed, NotFound, UnexpectedReply
from ..._core.permit import Permit
from .endpoints import promise
from .errors import PASSING, advice, excerpt, faults, outcome_unknown, passing, retry_after, tells_of_none, warnings
from .pool import Pool
from .replies import listed
from .transport import Reply, Transport

Json = dict[str, t.Any]
T = t.TypeVar("T")
TRIES = 4
LONGEST_PAUSE = 30.0
LIMITED_SECONDS = 300.0
"""How long a server that says 429 is waited for, in all: the call was not carried out, so that every one may be sent again."""


@dataclasses.dataclass(frozen=True)
class Call:
    """A request, and how its answer is to be taken.

    repeat: it may be sent again after a break. absent: statuses that mean "there is none" for this path. inside: False to look past the
    company acted in. checked: False where the reply may name errors beside a success.
    """

    method: str
    path: str
    params: t.Any = None
    body: Json | None = dataclasses.field(default=None, repr=False)
    repeat: bool = True
    absent: t.Collection[int] = ()
    headers: t.Mapping[str, str] = dataclasses.field(default_factory=dict)
    inside: bool = True
    checked: bool = True

    def __str__(self) -> str:
        return f"{self.method} {self.path}"

    def lacks(self, reply: Reply) -> str | None:
        """What a reply of success does not hold although the call promises it, in words."""
        return promise(self.method, self.path).lacks(reply.json(), reply.text)


def _own(reply: Reply, call: Call) -> bool:
    """Whether a 404 is the server's own. Some lists say so of nothing, and hold what they promise."""
    return tells_of_none(reply.json()) or (bool(promise(call.method, call.path).keys) and call.lacks(reply) is None)


def _not_found(text: str, way_out: str, name: str) -> None:
    raise NotFound(f"{text} {way_out}", object=name)


class Commvault:
    """The REST API of one Commvault server, as one user, over keep-alive connections.

    Several threads may read at the same time (see pool.py), with one login between them. Whoever writes does so from one thread.

    root: scheme, host and base path, such as https://cv.example.com/commandcenter/api.
    user and password: logged in at the first call, again once when the session has expired, and out at the end.
    token: a ready token used as it is; it is neither renewed nor logged out, since others may use it too.
    company, company_id: act inside this company (header operatorCompanyId; cvpysdk commcell.py switch_to_company).
    accept_unknown_owners: take what the server lists inside the company for the company's where it does not tell whose it is.
    warn, say, missing, permit: as the runner's context has them.
    pool: for many reads at a time, where a resource has them.
    """

    def __init__(  # noqa: PLR0913 - what a session needs
        self,
        transport: Transport,
        root: str,
        user: str | None = None,
        password: str | None = None,
        token: str | None = None,
        company: str | None = None,
        company_id: int | None = None,
        accept_unknown_owners: bool = False,
        warn: t.Callable[[str], None] = lambda text: None,
        say: t.Callable[[str], None] = lambda text: None,
        missing: t.Callable[[str, str, str], None] = _not_found,
        permit: Permit | None = None,
        clock: wait.Clock = time,
        pool: Pool | None = None,
    ) -> None:
        self._transport = transport
        self._root = root.rstrip("/")
        self._user = user
        self._password = password
        self._token = token
        self._own_session = False
        self._path_proven = False
        self._lock = threading.RLock()
        """Held while the session is renewed or the company looked up, which a second thread must not do too."""
        self.company = company
        self._company_id = company_id
        self._company_looked_up = company_id is not None or company is None
        self.accept_unknown_owners = accept_unknown_owners
        self.warn = warn
        self.say = say
        self._missing = missing
        self._permit = permit or Permit()
        self.clock = clock
        self.pool = pool or Pool()
        self.last: Call | None = None
        """The call that was sent last."""
        self.ahead: float | None = None
        """By how many seconds the server's clock is ahead of this machine's; None where its answers do not tell."""

    # Calls

    def get(
        self,
        path: str,
        params: t.Any = None,
        absent: t.Collection[int] = (),
        headers: t.Mapping[str, str] | None = None,
        inside: bool = True,
    ) -> Json | None:
        """Read. absent: statuses that mean "there is none" for this path; the answer is then None.

        inside: False to look past the company acted in, at what the user sees without it.
        """
        return self._answer(Call("GET", path, params, absent=absent, headers=headers or {}, inside=inside))

    def require(self, path: str, params: t.Any = None, headers: t.Mapping[str, str] | None = None) -> Json:
        """Read something that must be there."""
        return self.get(path, params, headers=headers) or {}

    def rows(self, path: str, key: str, params: t.Any = None, inside: bool = True) -> list[Json]:
        """Read a list: what lies below a key of the reply, of which there may be nothing."""
        return listed((self.get(path, params, absent=(404,), inside=inside) or {}).get(key))

    def query(self, path: str, body: Json, params: t.Any = None) -> Json:
        """A POST that only reads (Jobs, JobDetails, DoBrowse, Preview): repeated like a GET."""
        return self._answer(Call("POST", path, params, body)) or {}

    def post(self, path: str, body: Json, params: t.Any = None) -> Json:
        """Create or start. Never repeated after a break: whoever calls looks first whether it happened."""
        return self._write(Call("POST", path, params, body, repeat=False)) or {}

    def put(self, path: str, body: Json, params: t.Any = None, repeat: bool = True) -> Json:
        """Change. repeat: False for a PUT that adds (schedules), which would add twice."""
        return self._write(Call("PUT", path, params, body, repeat)) or {}

    def delete(self, path: str, params: t.Any = None, absent: t.Collection[int] = (404,), body: Json | None = None) -> Json | None:
        """Delete; what is gone already is no error. body: for the few calls that want one (Client/{id}/Retire; cvpysdk client.py)."""
        return self._write(Call("DELETE", path, params, body, absent=absent))

    def post_unchecked(self, path: str, body: Json) -> Json:
        """Like post, for the few calls whose reply may name errors beside a success (a plan that was made all the same)."""
        return self._write(Call("POST", path, body=body, repeat=False, checked=False)) or {}

    def poll(self, read: t.Callable[[], T], done: t.Callable[[T], bool], timeout: float, first: float = 1.0) -> T:
        """wait.poll() by this client's clock, past a restart of the web server. timeout, first: seconds."""
        return wait.poll(read, done, timeout, self.clock, first, passing=passing)

    # Company

    @property
    def company_id(self) -> int | None:
        """The id of the company acted in; None for the whole installation, and for a company that is still missing."""
        if not self._company_looked_up:
            with self._lock:
                if not self._company_looked_up:
                    self._company_id = self._find_company()
                    self._company_looked_up = True
        return self._company_id

    @property
    def company_missing(self) -> bool:
        """In check mode the company may be one that an earlier task would have made: then nothing in it exists yet."""
        return self.company is not None and self.company_id is None

    def missing(self, kind: str, name: str, way_out: str) -> None:
        """Something that the task refers to is not there: NotFound, but in check mode a warning, after which the caller goes on without."""
        self.not_there(f'The {kind} "{name}" does not exist, or this user cannot see it.', way_out, name)

    def not_there(self, text: str, way_out: str, name: str) -> None:
        """Like missing(), in words of one's own. name: of the thing that the error is about."""
        self._missing(text, way_out, name)

    def _find_company(self) -> int | None:
        name = self.company or ""
        reply = self.get("/Organization", {"fq": f"providers.connectName:eq:{name}", "hardRefresh": "true"}, inside=False) or {}
        rows = [row for row in listed(reply.get("providers")) if str(row.get("connectName", "")).casefold() == name.casefold()]
        if not rows:
            self.missing("company", name, "Create it with calligo.baas.commvault_company, or correct the name.")
            return None
        return int(rows[0]["shortName"]["id"])

    # Session

    def close(self) -> None:
        """Log out of the session that this client opened, and close the connection. Never fails: the work is done by now."""
        try:
            if self._own_session:
                self._send(Call("POST", "/Logout", body={}, inside=False))
        except ConnectionFailed:
            pass
        finally:
            self._own_session = False
            self._token = None
            self._transport.close()

    def _log_in_after(self, refused: str | None) -> str | None:
        """The token to use, after a login where there is none yet, or where the one that was refused is still the current one."""
        with self._lock:
            if not self._token or self._token == refused:
                self._token = None
                self._log_in()
            return self._token

    def _log_in(self) -> None:
        """cvpysdk cvpysdk.py _login: the password travels in Base64, which hides nothing; a refusal is 200 without a token."""
        if not self._user or not self._password:
            raise AuthenticationFailed("Commvault: give token, or username and password.")
        body = {
            "mode": 4,
            "clientType": 30,
            "username": self._user,
            "password": base64.b64encode(self._password.encode()).decode(),
            "timeout": 30,
        }
        reply = self._send(Call("POST", "/Login", body=body, inside=False))
        answer = reply.json()
        if not isinstance(answer, dict):
            raise ApiError(
                f"Commvault at {self._root} answered the login with HTTP {reply.status}: {excerpt(reply.text)}. "
                "Check host and api_base_path, and that the web server is up.",
                call="POST /Login",
                status=reply.status,
            )
        if answer.get("forcePasswordChange"):
            raise AuthenticationFailed(f'Commvault: the user "{self._user}" must change the password before it can be used here.')
        if not answer.get("token"):
            # Never tried again: failed logins count towards the lock of the account.
            raise AuthenticationFailed(self._refusal(answer), call="POST /Login", status=reply.status)
        self._token = str(answer["token"])
        self._own_session = True

    def _refusal(self, answer: Json) -> str:
        text = f'Commvault at {self._root} refused the login of "{self._user}".'
        if answer.get("isAccountLocked"):
            return f"{text} The account is locked for {answer.get('remainingLockTime', 'some')} more seconds."
        said = faults(answer)
        return f"{text} The server says: {said[0].text if said else 'nothing'}. Check username and password."

    # Wire

    def _answer(self, call: Call) -> Json | None:
        """Send a call, and judge the reply."""
        token = self._log_in_after(None)
        reply = self._persist(call)
        if reply.status == 401 and self._own_session:
            # The session has expired. 401 means that the call was not carried out, so that every verb may be sent again.
            self._log_in_after(token)
            reply = self._persist(call)
        return self._judge(reply, call)

    def _write(self, call: Call) -> Json | None:
        """A call that writes, if this run may; it is noted where it was carried out, and where nobody can tell."""
        self._permit.ask(str(call))
        try:
            answer = self._answer(call)
        except BaasError as error:
            if outcome_unknown(error):
                self._permit.use()
            raise
        if answer is not None:
            self._permit.use(None if answer else str(call))
        return answer

    def _persist(self, call: Call) -> Reply:
        """Send, and send again with growing pauses where a repetition is safe. A call that never left may always be repeated."""
        pause, left, limited = 0.5, TRIES, 0.0
        while True:
            left -= 1
            wanted = pause
            try:
                reply = self._send(call)
            except ConnectionFailed as error:
                if not left or error.final or (error.sent and not call.repeat):
                    raise
            else:
                wanted = max(pause, retry_after(reply.headers))
                if reply.status == 429 and limited + wanted <= LIMITED_SECONDS:
                    # It was not carried out, whatever it is. Many were refused at once, and are not to come back at once.
                    wanted *= random.uniform(1.0, 1.3)  # noqa: S311 - no secret
                    limited += wanted
                    left += 1
                elif not left or not call.repeat or reply.status == 429 or not self._passes(reply, call):
                    return reply
                else:
                    wanted = min(wanted, LONGEST_PAUSE)
            self.clock.sleep(wanted)
            pause = min(pause * 2, LONGEST_PAUSE)

    @staticmethod
    def _passes(reply: Reply, call: Call) -> bool:
        """Whether a reply is one that may go away by itself: not the server's, or not what it should be."""
        return reply.status in PASSING or (200 <= reply.status < 300 and not faults(reply.json()) and call.lacks(reply) is not None)

    def _prove_path(self, call: Call) -> None:
        """A 404 means "there is none" only where the base path is known to be right: a token that was given has proven nothing yet."""
        if self._path_proven or self._own_session:
            return
        self._path_proven = self._send(Call("POST", "/WhoAmI", body={}, inside=False)).status != 404
        if not self._path_proven:
            raise ApiError(
                f"Commvault at {self._root} knows neither {call} nor WhoAmI (HTTP 404). Check host and api_base_path: "
                "older installations answer below /webconsole/api.",
                call=str(call),
                status=404,
            )

    def _send(self, call: Call) -> Reply:
        headers = {"Accept": "application/json", "Content-Type": "application/json", **call.headers}
        if self._token:
            headers["Authtoken"] = self._token
        if call.inside and self.company_id is not None:
            headers["operatorCompanyId"] = str(self.company_id)
        url = self._root + urllib.parse.quote(call.path, safe="/(),='%")
        self.last = call
        reply = self._transport.send(call.method, url, call.params, headers, call.body)
        self.ahead = reply.ahead
        # An answer may show the request, as pages about errors do.
        return reply.without(self._token) if self._token else reply

    def _judge(self, reply: Reply, call: Call) -> Json | None:
        """The normaliser: one meaning for all envelopes. Never quotes what was sent."""
        payload = reply.json()
        if reply.status in call.absent and isinstance(payload, dict) and (reply.status != 404 or _own(reply, call)):
            if reply.status == 404:
                self._prove_path(call)
            return None
        if reply.status == 401:
            raise AuthenticationFailed(
                f"Commvault refused the token at {call}: it is wrong or has expired. Give a new one.", call=str(call), status=401
            )
        said = faults(payload)
        if 200 <= reply.status < 300 and not (call.checked and said):
            return self._kept(reply, call)
        words = "; ".join(map(str, said)) or excerpt(reply.text) or "nothing"
        raise ApiError(
            f"Commvault at {call} (HTTP {reply.status}) says: {words}.{advice(reply.status)}",
            call=str(call),
            status=reply.status,
            server_code=said[0].code if said else None,
            server_message=said[0].text if said else excerpt(reply.text) or None,
        )

    def _kept(self, reply: Reply, call: Call) -> Json:
        """The content of a reply that says success, and holds what the call promises."""
        lacks = call.lacks(reply)
        if lacks:
            raise UnexpectedReply(
                f"Commvault at {call} (HTTP {reply.status}) answered with {lacks}: {excerpt(reply.text) or 'nothing'}. This says neither "
                "that there is nothing nor that it was done: look for a proxy, a login page or maintenance in between, or at the server.",
                call=str(call),
                status=reply.status,
            )
        self._path_proven = True
        payload: Json = reply.json() or {}
        for text in warnings(payload):
            with self._lock:
                self.warn(f"Commvault at {call}: {text}")
        return payload
