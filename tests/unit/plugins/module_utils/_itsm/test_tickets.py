# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What becomes of a ticket, and how it is kept as text; the module and its files are in tests/integration/test_itsm_ticket.py."""

from __future__ import annotations

import dataclasses
import datetime
import random

import pytest

from ansible_collections.calligo.baas.plugins.module_utils._core.errors import InputError
from ansible_collections.calligo.baas.plugins.module_utils._itsm import record
from ansible_collections.calligo.baas.plugins.module_utils._itsm.tickets import (
    OPEN,
    OVER,
    Asked,
    Entry,
    Ticket,
    exact,
    one_line,
    plain_text,
    settled,
)

NOW = datetime.datetime(2026, 11, 24, 7, tzinfo=datetime.UTC)
CHANCE = random.Random(4)


def asked(state="present", note=""):
    return Asked("acme", "x", state, "noc", {"title": "X"}, note)


def ticket(state, days=0):
    """A ticket that came into a state so many days ago."""
    history = [Entry("2026-01-01T00:00:00Z", "noc", {"state": "new"})]
    if state != "new":
        history.append(Entry((NOW - datetime.timedelta(days=days)).strftime("%Y-%m-%dT%H:%M:%SZ"), "noc", {"state": state}))
    return Ticket("acme", "x", tuple(history), "x-1", title="X", state=state)


@pytest.mark.parametrize(
    ("state", "wanted", "then"),
    [
        *((state, "present", state) for state in OPEN),
        *((state, "present", "new") for state in OVER),
        *((state, wanted, wanted) for state in (*OPEN, *OVER) for wanted in ("in_progress", "pending")),
        *((state, wanted, wanted) for state in OPEN for wanted in OVER),
        ("resolved", "resolved", "resolved"),
        ("resolved", "closed", "closed"),
        ("closed", "resolved", "closed"),
        ("closed", "closed", "closed"),
    ],
)
def test_from_each_state_to_each(state, wanted, then):
    seen = ticket(state)
    found = settled(seen, asked(wanted), NOW)
    assert found.state == then and found.history[: len(seen.history)] == seen.history
    assert (found is seen) is (state == then)
    assert settled(found, asked(wanted), NOW) is found


@pytest.mark.parametrize(("days", "number"), [(-1, "x-1"), (0, "x-1"), (7, "x-1"), (7.001, ""), (400, "")])
def test_the_window_for_reopening(days, number):
    found = settled(ticket("resolved", days), asked(), NOW)
    assert (found.number, found.follows) == (number, "" if number else "x-1")


def test_a_note_is_said_once_until_it_was_over():
    first = settled(None, asked(note="Failed."), NOW)
    assert settled(first, asked(note="Failed."), NOW) is first
    second = settled(first, asked(note="Again."), NOW)
    assert settled(second, asked(note="Failed."), NOW) is second
    reopened = settled(settled(second, asked("closed"), NOW), asked(note="Failed."), NOW)
    assert [entry.note for entry in reopened.history] == ["Failed.", "Again.", "", "Failed."]
    assert settled(reopened, asked(note="Failed."), NOW) is reopened


def characters(length):
    """A text of characters of chance, with those that mean something to YAML more often than chance would have it."""
    return "".join(
        CHANCE.choice(":#-?&*!|>'\"%@`{}[], \n\t\\~=") if CHANCE.random() < 0.5 else chr(CHANCE.randrange(0x110000))
        for _number in range(length)
    )


def test_any_text_is_read_as_it_was_written():
    for _round in range(300):
        text, line = plain_text(characters(40)), one_line(characters(20), 100)
        entry = Entry("2026-11-24T07:00:00Z", line or "noc", {"title": line, "due": "2026-11-24T07:00:00Z"}, text, text)
        made = Ticket("acme", line or "x", (entry, entry), "x-1", title=line or "x", description=text, team=line)
        kept = record.written(made)
        assert record.read(kept) == made
        assert not [
            character for character in kept if not (character.isprintable() or character in "\n\u2007\u202f") and character.isascii()
        ]


def test_people_can_read_it():
    entry = Entry("2026-11-24T07:00:00Z", "noc", {"state": "new"}, "Failed.\nWe look into it.")
    made = dataclasses.replace(ticket("new"), history=(entry,), team="Windows", title="Café: no backup")
    assert record.written(made) == (
        "# A ticket of the backup service. Times are UTC; the history is only added to.\n"
        "number: x-1\ntenant: acme\nidentity: x\nstate: new\nkind: incident\ntitle: 'Café: no backup'\nteam: Windows\nhistory:\n"
        "- time: '2026-11-24T07:00:00Z'\n  by: noc\n  changes:\n    state: new\n  note: |-\n    Failed.\n    We look into it.\n"
    )


@pytest.mark.parametrize("text", ["a\ud800", "\udfff", "\ufeffa", "a\x85b"])
def test_what_is_no_text_is_replaced_or_where_it_tells_tickets_apart_refused(text):
    assert "\ufffd" in plain_text(text) and "\ufffd" in one_line(text, 100)
    with pytest.raises(InputError, match="has to be a line"):
        exact("identity", text)
