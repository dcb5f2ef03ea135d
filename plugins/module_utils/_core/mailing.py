# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection: may change in any release.
"""Mails that are each sent once: a record is kept of each, from before it is sent until it is known what became of it."""

from __future__ import annotations

import dataclasses
import datetime
import typing as t

from .engine import Outcome, Record, Step, Work
from .errors import ApiError, BaasError, ConnectionFailed

if t.TYPE_CHECKING:
    from .records import RecordFiles
    from .smtp import Letter, Mailer


class Plan(t.Protocol):
    """One mail, and what is recorded of it: the rules are the service's."""

    @property
    def label(self) -> str: ...
    @property
    def file_name(self) -> str: ...

    def letter(self, now: datetime.datetime) -> Letter:
        """What is sent. Raises OSError where a file of it cannot be read."""

    def record(self, state: str, now: datetime.datetime, reason: str = "") -> Record: ...
    def parse(self, text: str) -> Record: ...
    def text(self, record: Record) -> str: ...


@dataclasses.dataclass(frozen=True)
class MailStep:
    """One mail."""

    work: Mailing
    plan: Plan

    @property
    def label(self) -> str:
        return self.plan.label

    @property
    def open(self) -> bool:
        return False

    def predict(self) -> Outcome:
        seen = self._seen()
        if not self._due(seen):
            return Outcome(self.label, False, seen, seen)
        return Outcome(self.label, True, seen, self.plan.record("sent", _now()))

    def take(self) -> Outcome:
        """Looked at again while nobody else sends: a record that says "sending" is then of a run that has ended."""
        if not self._due(self._seen()):
            return self.predict()
        with self.work.files.locked():
            seen = self._seen()
            return self._sent(seen) if self._due(seen) else Outcome(self.label, False, seen, seen)

    def _seen(self) -> Record | None:
        files, name = self.work.files, self.plan.file_name
        return files.read(name, self.plan.parse) if name in files.names() else None

    def _due(self, seen: Record | None) -> bool:
        return seen is None or seen["state"] == "not_sent" or (seen["state"] == "sending" and self.work.send_again)

    def _sent(self, seen: Record | None) -> Outcome:
        try:
            letter = self.plan.letter(_now())
        except (OSError, ValueError) as error:
            raise BaasError(f"The report cannot be sent: {error}. Make it again, then run this again.") from error
        self._keep("sending", "The run ended before it was known whether the mail was accepted.")
        try:
            self.work.mailer.deliver(letter)
        except ConnectionFailed as error:
            kept = self._keep("sending" if error.sent else "not_sent", str(error))
            if not error.sent:
                raise
        except ApiError as error:
            kept = self._keep("not_sent", str(error))
        except BaasError as error:
            self._keep("not_sent", str(error))
            raise
        else:
            kept = self._keep("sent")
        return Outcome(self.label, kept["state"] == "sent", seen, kept)

    def _keep(self, state: str, reason: str = "") -> Record:
        record = self.plan.record(state, _now(), reason)
        return self.work.files.write(self.plan.file_name, self.plan.text(record), self.plan.parse)


class Mailing(Work):
    """Mails, each for itself: one that is refused does not keep the others back, a server that is not there keeps all."""

    def __init__(self, mailer: Mailer, files: RecordFiles, plans: t.Sequence[Plan], send_again: bool) -> None:
        self.mailer, self.files, self.send_again = mailer, files, send_again
        self._plans = plans

    def steps(self) -> t.Sequence[Step]:
        if self._plans:
            self.files.require_writable()
        return [MailStep(self, plan) for plan in self._plans]

    def settle(self, outcomes: list[Outcome]) -> list[Outcome]:
        """Raise where a mail was refused, or may have been sent: its record says which."""
        told = [(outcome, outcome.after or {}) for outcome in outcomes]
        refused = [f"{outcome.label}: {after['reason']}" for outcome, after in told if after.get("state") == "not_sent"]
        unknown = [outcome.label for outcome, after in told if after.get("state") == "sending"]
        if unknown:
            advice = "Ask who should have it; send_again sends it once more."
            refused.append(f"What may have been sent is not sent again: {', '.join(unknown)}. {advice}")
        if refused:
            raise ApiError(" ".join(refused))
        return outcomes

    def result(self, outcomes: list[Outcome]) -> Record:
        return {
            "changed": any(outcome.changed for outcome in outcomes),
            "mails": [{**(outcome.after or {}), "changed": outcome.changed} for outcome in outcomes],
            "diff": [outcome.labelled_diff() for outcome in outcomes if outcome.changed],
        }


def _now() -> datetime.datetime:
    return datetime.datetime.now(datetime.UTC).replace(microsecond=0)
