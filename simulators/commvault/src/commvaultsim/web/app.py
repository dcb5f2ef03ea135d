# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The ASGI application: reads a request, finds its handler, runs it under the lock, writes the journal."""

from __future__ import annotations

import asyncio
import contextlib
import email.utils
import json
import logging
import threading
import typing as t
from urllib.parse import parse_qs

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request as HttpRequest
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route as HttpRoute
from starlette.types import Receive, Scope, Send

from commvaultsim.jobs.lifecycle import tick
from commvaultsim.state.simulator import Simulator
from commvaultsim.tenancy import identity
from commvaultsim.wire import control, dialects, replies
from commvaultsim.wire.faults import Fault, matches
from commvaultsim.wire.routing import Refusal, Reply, Request, Route, load_handlers, match, relative_path
from commvaultsim.wire.values import to_int

LOG = logging.getLogger("commvault")
METHODS = ["GET", "HEAD", "POST", "PUT", "DELETE", "PATCH"]
IDLE_SECONDS = 1800
TICK_SECONDS = 0.2
HELD_SECONDS = 0.02
DRIP_SECONDS = 0.05


class Application:
    """Callable by an ASGI server. ``ticker`` is on in a served process and off in tests, where requests and the clock tick."""

    def __init__(self, sim: Simulator, ticker: bool = False) -> None:
        load_handlers()
        self.sim = sim
        self._ticker = ticker
        routes = [HttpRoute("/_sim/{path:path}", self._control, methods=METHODS), HttpRoute("/{path:path}", self._api, methods=METHODS)]
        self._starlette = Starlette(routes=routes, lifespan=self._lifespan)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Hand over to Starlette, keeping the way to the TCP transport that the reset fault needs."""
        scope["sim.transport"] = getattr(getattr(send, "__self__", None), "transport", None)
        await self._starlette(scope, receive, send)

    @contextlib.asynccontextmanager
    async def _lifespan(self, _app: Starlette) -> t.AsyncIterator[None]:
        stop = threading.Event()
        thread = threading.Thread(target=self._run_ticker, args=(stop,), daemon=True)
        if self._ticker:
            thread.start()
        yield
        stop.set()

    def _run_ticker(self, stop: threading.Event) -> None:
        while not stop.wait(TICK_SECONDS):
            with self.sim.lock:
                tick(self.sim)

    async def _control(self, http: HttpRequest) -> Response:
        body = _json(await http.body())
        return self._response(await run_in_threadpool(self._controlled, http, body))

    def _controlled(self, http: HttpRequest, body: t.Any) -> Reply:
        with self.sim.lock:
            tick(self.sim)
            reply = control.serve(self.sim, http.method, http.path_params["path"], dict(http.query_params), body)
            tick(self.sim)
        return reply

    async def _api(self, http: HttpRequest) -> Response:
        raw = await http.body()
        fault = await run_in_threadpool(self._http_fault, http)
        if fault and fault.params.get("delay"):
            await asyncio.sleep(float(fault.params["delay"]))
        if fault and fault.params.get("after"):
            # The request is carried out, and only its answer is lost, or another one.
            await run_in_threadpool(self._answer, http, _json(raw), None)
        if fault and fault.params.get("reset"):
            if not fault.params.get("after"):
                self._journal(http, _json(raw), Reply(None, 0), None, None)
            return _abort(http)
        if fault and fault.params.get("stream"):
            return StreamingResponse(_stream(fault.params["stream"]), media_type="application/json")
        if fault and fault.params.get("after"):
            return self._response(_faulty(fault))
        hold = await run_in_threadpool(self._hold, http)
        reply = await run_in_threadpool(self._answer, http, _json(raw), fault) if hold is None or hold.params.get("after") else None
        if hold is None and reply is not None:
            return self._response(reply)
        while hold in self.sim.faults.all():  # noqa: ASYNC110 - it is deleted by another thread
            await asyncio.sleep(HELD_SECONDS)
        return _abort(http)

    def _hold(self, http: HttpRequest) -> Fault | None:
        """The fault that stops this request, if it is the writing one with that number; once only."""
        found = relative_path(http.url.path)
        hit = match(http.method, found[1]) if found else None
        with self.sim.lock:
            fault = self.sim.faults.peek("hold") if hit and hit[0].writes else None
            if fault is None:
                return None
            fault.hits += 1
            if fault.hits != to_int(fault.params.get("number")):
                return None
            fault.times = 0
            return fault

    def _response(self, reply: Reply) -> Response:
        """The answer, dated by the simulated clock: the web server of a CommServe tells the time that its jobs have."""
        response = _response(reply)
        response.headers["date"] = email.utils.formatdate(self.sim.clock.now(), usegmt=True)
        return response

    def _http_fault(self, http: HttpRequest) -> Fault | None:
        path = http.url.path
        with self.sim.lock:
            return self.sim.faults.take(
                "http", lambda p: matches(p.get("path"), path) and str(p.get("method", http.method)).upper() == http.method
            )

    def _answer(self, http: HttpRequest, body: t.Any, fault: Fault | None) -> Reply:
        with self.sim.lock:
            tick(self.sim)
            reply, route, request = self._dispatch(http, body, fault)
            tick(self.sim)
            self._journal(http, body, reply, route, request)
            return reply

    def _dispatch(self, http: HttpRequest, body: t.Any, fault: Fault | None) -> tuple[Reply, Route | None, Request | None]:
        found = relative_path((http.scope.get("raw_path") or http.url.path.encode()).decode("ascii", "replace").split("?")[0])
        base, path = found or ("", http.url.path)
        hit = match(http.method, path) if found else None
        if fault and {"status", "body", "html", "text"} & fault.params.keys():
            return _faulty(fault), hit[0] if hit else None, None
        if hit is None:
            return replies.unknown_route(http.url.path), None, None
        route, params = hit
        request = Request(
            http.method,
            path,
            params,
            parse_qs(http.url.query, keep_blank_values=True),
            {key.lower(): value for key, value in http.headers.items()},
            body,
            base=base,
        )
        if route.auth and not self._authenticate(request):
            return replies.access_denied(), route, request
        if request.company_id and request.company_id not in self.sim.companies:
            return (
                replies.generic(13, f"Company [{request.company_id}] of the header operatorCompanyId does not exist.", 403),
                route,
                request,
            )
        refused = identity.refused(self.sim, request, route.writes) if route.auth else None
        refused = refused or self._write_faults(request, route)
        if refused:
            return refused, route, request
        try:
            reply = route.handler(self.sim, request)
        except Refusal as refusal:
            reply = refusal.reply
        except Exception as error:  # a slip in the simulator must be seen as one, by the client and in the log
            LOG.exception("%s %s", http.method, path)
            reply = replies.generic(1, f"simulator error: {type(error).__name__}: {error}", 500)
        return dialects.spoken(self.sim, route, request, reply if isinstance(reply, Reply) else Reply(reply)), route, request

    def _write_faults(self, request: Request, route: Route) -> Reply | None:
        if not route.writes:
            return None
        error = self.sim.faults.take("api_error", lambda p: matches(p.get("path"), request.path))
        if error:
            return replies.generic(to_int(error.params.get("code"), 2), str(error.params.get("message", "The operation failed.")))
        if request.method == "DELETE" and self.sim.faults.take("pending_approval", lambda p: matches(p.get("path"), request.path)):
            return replies.generic(0, "The request is pending administrator authorization.", 202)
        return None

    def _authenticate(self, request: Request) -> bool:
        token = request.headers.get("authtoken") or request.headers.get("authorization") or ""
        session = self.sim.sessions.get(token.strip())
        now = self.sim.clock.now()
        if session and (now - session.last_used > IDLE_SECONDS or self.sim.faults.take("unauthorized_once")):
            del self.sim.sessions[token.strip()]
            session = None
        user = self.sim.users.get(session.user_id) if session else None
        if session is None or user is None or not identity.may_log_in(self.sim, user):
            return False
        session.last_used = now
        request.user, request.user_id = user.name, user.id
        request.company_id = user.company_id or to_int(request.headers.get("operatorcompanyid"))
        return True

    def _journal(self, http: HttpRequest, body: t.Any, reply: Reply, route: Route | None, request: Request | None) -> None:
        client = http.scope.get("client") or ("", 0)
        writes = route.writes if route else http.method not in ("GET", "HEAD")
        code = reply.body.get("errorCode") if isinstance(reply.body, dict) else None
        self.sim.journal.add(
            time=self.sim.clock.now(),
            method=http.method,
            path=http.url.path,
            query=parse_qs(http.url.query),
            status=reply.status,
            writes=writes,
            modelled=route is not None,
            connection=self.sim.journal.connection(f"{client[0]}:{client[1]}"),
            route=route.template if route else "",
            user=request.user if request else "",
            company_id=request.company_id if request else 0,
            body=body,
            error_code=code,
        )


def _abort(http: HttpRequest) -> Response:
    """Break the connection without an answer."""
    transport = http.scope.get("sim.transport")
    if transport is None:
        raise ConnectionResetError("the simulator resets this connection")
    transport.abort()
    return Response(status_code=500)


async def _stream(kind: str) -> t.AsyncIterator[bytes]:
    """An answer without an end: as fast as it is read, or a byte at a time."""
    yield b'{"rows": ["'
    while True:
        yield b" " * 65536 if kind == "endless" else b" "
        await asyncio.sleep(0 if kind == "endless" else DRIP_SECONDS)


def _faulty(fault: Fault) -> Reply:
    status = to_int(fault.params.get("status"), 500)
    if fault.params.get("html"):
        html = fault.params["html"]
        return replies.html_error(status, html if isinstance(html, str) else f"{status} Bad Gateway")
    headers = {str(name): str(value) for name, value in (fault.params.get("headers") or {}).items()}
    if "text" in fault.params:
        return Reply(fault.params["text"], status, "application/json", headers)
    return Reply(fault.params.get("body", {"errorMessage": "injected", "errorCode": status}), status, headers=headers)


def _json(raw: bytes) -> t.Any:
    if not raw.strip():
        return {}
    try:
        return json.loads(raw)
    except ValueError:
        return {"_text": raw.decode("utf-8", "replace")}


def _response(reply: Reply) -> Response:
    if isinstance(reply.body, (dict, list)):
        return JSONResponse(reply.body, reply.status, reply.headers, reply.content_type or "application/json")
    return Response(reply.body if reply.body is not None else b"", reply.status, reply.headers, reply.content_type or None)
