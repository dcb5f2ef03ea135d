# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection: may change in any release.

from __future__ import annotations

import contextlib
import traceback
import typing as t


class BaasError(Exception):
    """Root of every error that a module may report.

    message: names the thing, the reason and the way out, in one sentence or two; never a secret.
    details: what a playbook may want to branch on (object, call, status, server_code, server_message).
    """

    def __init__(self, message: str, **details: t.Any) -> None:
        super().__init__(message)
        self.details = {key: value for key, value in details.items() if value is not None}

    def about(self, label: str) -> BaasError:
        """The same error, naming the one of many objects that it is about, if it does not do so already."""
        if label not in str(self):
            self.args = (f"{label}: {self}",)
            self.details.setdefault("object", label)
        return self

    def to_result(self) -> dict[str, t.Any]:
        return {"msg": str(self), "error": {"kind": type(self).__name__, **self.details}}


class InputError(BaasError):
    """What the caller asked for makes no sense, whatever the server says."""


@contextlib.contextmanager
def as_input() -> t.Iterator[None]:
    """The ValueError with which a rule of the service refuses what it is given, as an InputError."""
    try:
        yield
    except ValueError as error:
        raise InputError(str(error)) from error


class MissingLibrary(BaasError):
    """A Python library that the module needs is not installed on the control node."""

    def __init__(self, library: str, traceback: str) -> None:
        super().__init__(f"The Python library {library} is missing.")
        self.library = library
        self.traceback = traceback


class ConnectionFailed(BaasError):
    """The server could not be reached, or the connection broke.

    sent: the request may have reached the server, so that it must not be repeated blindly.
    final: trying again cannot help (a certificate that is not trusted, an address that is not valid).
    """

    def __init__(self, message: str, sent: bool = False, final: bool = False, **details: t.Any) -> None:
        super().__init__(message, **details)
        self.sent = sent
        self.final = final


class AuthenticationFailed(BaasError):
    """User, password or token were refused."""


class NotFound(BaasError):
    """A thing that the task refers to does not exist, or is not visible to this user."""


class ApiError(BaasError):
    """The server understood the call and refused or failed it."""


class UnexpectedReply(ApiError):
    """What came back is not what the call promises, so that it may not come from the server, and means neither "none" nor "done"."""


class Refused(BaasError):
    """A safety rule of the collection forbids the act; the message names the option that allows it."""


class JobFailed(BaasError):
    """A job ended in failure, or stands still where it cannot go on by itself."""


class WaitTimeout(BaasError):
    """Waiting came to its end before the thing waited for; the thing itself was left alone.

    last: the last reading.
    """

    def __init__(self, message: str, last: t.Any = None, **details: t.Any) -> None:
        super().__init__(message, **details)
        self.last = last


UNREADABLE = (KeyError, IndexError, TypeError, ValueError, AttributeError, OverflowError)
"""What Python raises where a part of a reply is missing, or of another kind than it is taken for."""


def unreadable(error: Exception, answer: str = "The last answer") -> UnexpectedReply:
    """The error for a reply that could not be read, and where, for whoever mends the module. answer: whose, and to what."""
    place = traceback.extract_tb(error.__traceback__)[-1]
    where = f"{type(error).__name__} in {place.filename.rpartition('/module_utils/')[2]}:{place.lineno}"
    return UnexpectedReply(
        f"{answer} cannot be read: a part of it is missing or of another kind than the API says ({where}). Look at the server and what "
        "lies in between; if it answers so in good health, please report it."
    )
