# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection: may change in any release.
"""Electronic mail to one server, whose certificate is verified before anything is said. The only file that knows SMTP."""

from __future__ import annotations

import email.message
import email.policy
import smtplib
import ssl
import typing as t

from .argspec import ArgumentSpec
from .errors import ApiError, AuthenticationFailed, BaasError, ConnectionFailed, InputError

OK = (250, 251)
CHARSET = {"charset": "utf-8"}

OPTIONS = ArgumentSpec(
    {
        "host": {"type": "str", "required": True},
        "port": {"type": "int", "default": 587},
        "security": {"type": "str", "choices": ["starttls", "tls"], "default": "starttls"},
        "username": {"type": "str"},
        "password": {"type": "str", "no_log": True},
        "ca_path": {"type": "path"},
        "timeout": {"type": "float", "default": 30.0},
    },
    {"required_together": [("username", "password")]},
)


class Letter(t.Protocol):
    """A mail to one address. body: HTML. page: the name and content of what is attached."""

    @property
    def sender(self) -> str: ...
    @property
    def recipient(self) -> str: ...
    @property
    def subject(self) -> str: ...
    @property
    def message_id(self) -> str: ...
    @property
    def date(self) -> str: ...
    @property
    def text(self) -> str: ...
    @property
    def body(self) -> str: ...
    @property
    def page(self) -> tuple[str, str]: ...


def content(letter: Letter) -> bytes:
    """A letter as it is sent. Raises ValueError for a header of more than one line."""
    message = email.message.EmailMessage(policy=email.policy.SMTP)
    headers = {
        "From": letter.sender,
        "To": letter.recipient,
        "Subject": letter.subject,
        "Date": letter.date,
        "Message-ID": letter.message_id,
    }
    for name, value in {**headers, "Auto-Submitted": "auto-generated"}.items():
        message[name] = value
    message.set_content(letter.text)
    message.add_alternative(letter.body, subtype="html")
    name, page = letter.page
    message.add_attachment(page.encode("utf-8", "backslashreplace"), maintype="text", subtype="html", filename=name, params=CHARSET)
    return message.as_bytes()


class Mailer:
    """A server, connected to when the first letter is sent."""

    def __init__(self, params: t.Mapping[str, t.Any]) -> None:
        self._params = params
        self._where = f"The mail server {params['host']}:{params['port']}"
        self._session: smtplib.SMTP | None = None

    def deliver(self, letter: Letter) -> None:
        """Have the server accept a letter.

        Raises ConnectionFailed, with sent where it may have been accepted all the same, AuthenticationFailed, or ApiError for a refusal.
        """
        message = content(letter)
        session = self._connected()
        self._envelope(session, letter)
        try:
            code, said = session.data(message)
        except smtplib.SMTPDataError as error:
            raise self._refused(letter, error.smtp_code, error.smtp_error) from error
        except (smtplib.SMTPException, OSError) as error:
            self.close()
            raise ConnectionFailed(
                f"{self._where} broke off: {_words(error)}. It may have taken the mail to {letter.recipient}.", sent=True
            ) from error
        if code not in OK:
            raise self._refused(letter, code, said)

    def close(self) -> None:
        """End the connection; what goes wrong then is nobody's loss."""
        if self._session:
            try:
                self._session.close()
            finally:
                self._session = None

    def _envelope(self, session: smtplib.SMTP, letter: Letter) -> None:
        try:
            session.rset()
            for code, said in (session.mail(letter.sender), session.rcpt(letter.recipient)):
                if code not in OK:
                    raise self._refused(letter, code, said)
        except (smtplib.SMTPException, OSError) as error:
            self.close()
            raise self._unreachable(error) from error

    def _refused(self, letter: Letter, code: int, said: t.Any) -> BaasError:
        return ApiError(
            f"{self._where} refused the mail to {letter.recipient}: {code} {_words(said)}.", object=letter.recipient, status=code
        )

    def _unreachable(self, error: Exception) -> ConnectionFailed:
        return ConnectionFailed(f"{self._where} could not be used: {_words(error)}. No mail was sent by this attempt.")

    def _connected(self) -> smtplib.SMTP:
        if self._session is None:
            try:
                self._session = self._open()
            except ssl.SSLCertVerificationError as error:
                advice = "Correct host or ca_path, or have the server renew its certificate."
                raise ConnectionFailed(
                    f"The certificate of {self._where[4:]} is not trusted: {error.verify_message}. {advice}", final=True
                ) from error
            except smtplib.SMTPAuthenticationError as error:
                raise AuthenticationFailed(f"{self._where} refused the login: {error.smtp_code} {_words(error.smtp_error)}.") from error
            except (smtplib.SMTPException, OSError) as error:
                raise self._unreachable(error) from error
        return self._session

    def _open(self) -> smtplib.SMTP:
        params, context = self._params, self._trust()
        place: dict[str, t.Any] = {"host": params["host"], "port": params["port"], "timeout": params["timeout"]}
        session = smtplib.SMTP_SSL(**place, context=context) if params["security"] == "tls" else smtplib.SMTP(**place)
        try:
            if params["security"] == "starttls":
                # Where the server does not offer it this raises: nothing is ever sent in the clear.
                session.starttls(context=context)
            session.ehlo()
            if params["username"]:
                session.login(params["username"], params["password"])
        except BaseException:
            session.close()
            raise
        return session

    def _trust(self) -> ssl.SSLContext:
        try:
            return ssl.create_default_context(cafile=self._params["ca_path"])
        except (OSError, ssl.SSLError) as error:
            raise InputError(f"ca_path: {self._params['ca_path']} cannot be read: {error}.") from error


def _words(said: t.Any) -> str:
    """What a server or a library said, in one printable line."""
    text = said.decode("utf-8", "replace") if isinstance(said, bytes) else str(said)
    return "".join(char if char.isprintable() else " " for char in text)[:200].strip().rstrip(".")
