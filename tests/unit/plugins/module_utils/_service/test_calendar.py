# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Business hours: cases worked out by hand, and a second calculation that goes through all minutes of two years."""

from __future__ import annotations

import bisect
import datetime
import random
import sys
import zoneinfo

import pytest

from ansible_collections.calligo.baas.plugins.module_utils._service.calendar import WEEKDAYS, calendar, due

OFFICE = {day: ["08:00-18:00"] for day in WEEKDAYS[:5]}
LUNCH = {day: ["13:00-17:00", "08:00-12:00"] for day in WEEKDAYS[:5]}
ALWAYS = {day: ["00:00-24:00"] for day in WEEKDAYS}
NIGHT = {day: ["00:00-02:30", "02:45-05:00", "22:15-24:00"] for day in WEEKDAYS}
LUXEMBOURG = {"zone": "Europe/Luxembourg", "hours": OFFICE, "holidays": {"country": "LU"}}
JERSEY = {"zone": "Europe/Jersey", "hours": LUNCH, "holidays": {"country": "JE"}}
BAVARIA = {"zone": "Europe/Berlin", "hours": OFFICE, "holidays": {"country": "DE", "subdivision": "BY"}}
CAIRO = {"zone": "Africa/Cairo", "hours": ALWAYS}
LUXEMBOURGS_ALWAYS = {"zone": "Europe/Luxembourg", "hours": ALWAYS}


@pytest.mark.parametrize(
    ("data", "start", "hours", "expected"),
    [
        # Within a day; to the minute of closing; beyond it; from before opening and after closing.
        (LUXEMBOURG, "2026-11-24T08:00+01:00", 8, "2026-11-24T16:00+01:00"),
        (LUXEMBOURG, "2026-11-24T10:00+01:00", 8, "2026-11-24T18:00+01:00"),
        (LUXEMBOURG, "2026-11-24T10:01+01:00", 8, "2026-11-25T08:01+01:00"),
        (LUXEMBOURG, "2026-11-24T03:00+01:00", 8, "2026-11-24T16:00+01:00"),
        (LUXEMBOURG, "2026-11-24T18:00+01:00", 8, "2026-11-25T16:00+01:00"),
        (LUXEMBOURG, "2026-11-24T23:59+01:00", 8, "2026-11-25T16:00+01:00"),
        # A start that is told in another zone; a part of an hour.
        (LUXEMBOURG, "2026-11-24T02:00-05:00", 8, "2026-11-24T16:00+01:00"),
        (LUXEMBOURG, "2026-11-24T08:00+01:00", 0.5, "2026-11-24T08:30+01:00"),
        # 24 hours are 2.4 days of ten hours.
        (LUXEMBOURG, "2026-11-24T09:00+01:00", 24, "2026-11-26T13:00+01:00"),
        # Over a weekend, into which it comes on Friday, or in which it begins.
        (LUXEMBOURG, "2026-11-27T17:00+01:00", 8, "2026-11-30T15:00+01:00"),
        (LUXEMBOURG, "2026-11-28T12:00+01:00", 24, "2026-12-02T12:00+01:00"),
        # Over Christmas: the 25th is a Friday, the 26th a Saturday; and over the New Year.
        (LUXEMBOURG, "2026-12-24T16:00+01:00", 8, "2026-12-28T14:00+01:00"),
        (LUXEMBOURG, "2026-12-31T17:00+01:00", 8, "2027-01-04T15:00+01:00"),
        # Easter Monday 2026 is 6 April; of Germany's parts Bavaria has Epiphany (6 January); Jersey has Liberation Day (9 May).
        (LUXEMBOURG, "2026-04-03T17:00+02:00", 8, "2026-04-07T15:00+02:00"),
        (BAVARIA, "2027-01-05T17:00+01:00", 8, "2027-01-07T15:00+01:00"),
        ({**BAVARIA, "holidays": {"country": "DE"}}, "2027-01-05T17:00+01:00", 8, "2027-01-06T15:00+01:00"),
        (JERSEY, "2028-05-08T16:00+01:00", 2, "2028-05-10T09:00+01:00"),
        # Lunch; a start within it; the spans are told in any order.
        (JERSEY, "2026-11-24T11:00+00:00", 2, "2026-11-24T14:00+00:00"),
        (JERSEY, "2026-11-24T12:30+00:00", 4, "2026-11-24T17:00+00:00"),
        (JERSEY, "2026-11-24T08:00+00:00", 24, "2026-11-26T17:00+00:00"),
        # A day that is closed, a holiday and a Saturday that are open, a short day.
        ({**LUXEMBOURG, "days": {"2026-11-25": []}}, "2026-11-24T17:00+01:00", 2, "2026-11-26T09:00+01:00"),
        ({**LUXEMBOURG, "days": {datetime.date(2026, 12, 25): ["10:00-12:00"]}}, "2026-12-24T17:00+01:00", 2, "2026-12-25T11:00+01:00"),
        ({**LUXEMBOURG, "days": {"2026-11-28": ["09:00-13:00"]}}, "2026-11-27T17:00+01:00", 8, "2026-11-30T11:00+01:00"),
        ({**LUXEMBOURG, "days": {"2026-12-24": ["08:00-12:00"]}}, "2026-12-24T11:00+01:00", 2, "2026-12-28T09:00+01:00"),
        # The clocks go on (29 March) and back (25 October): at a desk that is always open, a day of 23 hours and one of 25.
        (LUXEMBOURGS_ALWAYS, "2026-03-29T00:00+01:00", 23, "2026-03-30T00:00+02:00"),
        (LUXEMBOURGS_ALWAYS, "2026-10-25T00:00+02:00", 25, "2026-10-26T00:00+01:00"),
        # Over the weekend of the change, office hours are what the clocks say.
        (LUXEMBOURG, "2026-03-27T17:00+01:00", 8, "2026-03-30T15:00+02:00"),
        (LUXEMBOURG, "2026-10-23T17:00+02:00", 8, "2026-10-26T15:00+01:00"),
        # An hour that is shown twice counts twice: 02:00 to 02:30 and again; one that is left out not at all: 02:45 to 05:00 are two hours.
        ({**LUXEMBOURGS_ALWAYS, "hours": {"sunday": ["02:00-02:30"]}}, "2026-10-25T00:00+02:00", 0.75, "2026-10-25T02:15+01:00"),
        ({**LUXEMBOURGS_ALWAYS, "hours": {"sunday": ["02:45-05:00"]}}, "2026-03-29T00:00+01:00", 2, "2026-03-29T05:00+02:00"),
        # In Cairo there is no midnight on 24 April 2026, and 29 October has the hour before it twice.
        (CAIRO, "2026-04-23T23:00+02:00", 2, "2026-04-24T02:00+03:00"),
        (CAIRO, "2026-10-29T22:00+03:00", 3, "2026-10-30T00:00+02:00"),
    ],
)
def test_cases_worked_out_by_hand(data, start, hours, expected):
    found = due(calendar(data), datetime.datetime.fromisoformat(start), hours)
    assert found.isoformat() == datetime.datetime.fromisoformat(expected).astimezone(datetime.UTC).isoformat()


CLOSED = ["2026-12-24", "2027-05-07"]
OPEN = {"2026-10-25": ["01:30-03:15"], "2027-03-28": ["00:15-04:00"], "2027-01-02": ["09:00-09:15"]}
# Of Luxembourg, by its law of 25 April 2019: feasts that do not move, and those of 2026 and 2027 that move with Easter.
FIXED = ["01-01", "05-01", "05-09", "06-23", "08-15", "11-01", "12-25", "12-26"]
FEASTS = ["2026-04-06", "2026-05-14", "2026-05-25", "2027-03-29", "2027-05-06", "2027-05-17"]
FIRST = datetime.datetime(2026, 1, 1, tzinfo=datetime.UTC)
QUARTERS = 2 * 365 * 24 * 4


def clocks(zone):
    """What the clocks of a zone show at each quarter of an hour since FIRST: the date, the weekday and the time."""
    place = zoneinfo.ZoneInfo(zone)
    shown = ((FIRST + datetime.timedelta(minutes=15 * quarter)).astimezone(place) for quarter in range(QUARTERS))
    return [(clock.date().isoformat(), WEEKDAYS[clock.weekday()], f"{clock.hour:02}:{clock.minute:02}") for clock in shown]


def opening_minutes(shown, hours, legal):
    """The minutes since FIRST at whose beginning the desk is open, in order. No zone or desk here changes within a quarter of an hour."""
    found = []
    for quarter, (day, weekday, time) in enumerate(shown):
        texts = [] if day in CLOSED or (legal and (day in FEASTS or day[5:] in FIXED)) else hours.get(weekday, [])
        if any(text[:5] <= time < text[6:] for text in OPEN.get(day, texts)):
            found.extend(range(15 * quarter, 15 * quarter + 15))
    return found


@pytest.mark.parametrize(
    ("zone", "legal"),
    [
        ("Europe/Luxembourg", True),
        ("Africa/Cairo", False),
        ("Australia/Lord_Howe", False),
        ("America/St_Johns", False),
        ("Asia/Kathmandu", False),
    ],
)
def test_a_second_calculation_says_the_same_of_ten_thousand_times(zone, legal):
    chance, shown = random.Random(zone), clocks(zone)
    for hours in (OFFICE, LUNCH, ALWAYS, NIGHT):
        data = {"zone": zone, "hours": hours, "days": {**OPEN, **{day: [] for day in CLOSED}}}
        within = calendar({**data, "holidays": {"country": "LU"}} if legal else data)
        minutes = opening_minutes(shown, hours, legal)
        for _time in range(500):
            start, promised = chance.randrange(15 * QUARTERS - 30 * 24 * 60), chance.choice([1, 8, 8, 24, 24])
            expected = minutes[bisect.bisect_left(minutes, start) + promised * 60 - 1] + 1
            found = due(within, FIRST + datetime.timedelta(minutes=start), promised)
            assert found == FIRST + datetime.timedelta(minutes=expected), (hours, start, promised)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"zone": "Europe/Atlantis"}, r"zone 'Europe/Atlantis' is no IANA time zone"),
        ({"zone": "../../etc/passwd"}, "is no IANA time zone"),
        ({"hours": {"monday": ["08:00-25:00"]}}, r"hours of monday, '08:00-25:00', are no span"),
        ({"hours": {"monday": ["18:00-08:00"]}}, "are no span"),
        ({"hours": {"monday": ["08:00-24:01"]}}, "are no span"),
        ({"hours": {"monday": "08:00-18:00"}}, "are no span"),
        ({"hours": {"monday": ["08:00-12:00", "11:59-18:00"]}}, "hours of monday overlap"),
        ({"hours": {"Montag": ["08:00-12:00"]}}, "hours does not know Montag"),
        ({"days": {"24.12.2026": []}}, r"day '24.12.2026' is no date"),
        ({"closed": []}, "calendar does not know closed"),
        ({"holidays": {"region": "LU"}}, "holidays does not know region"),
        ({"holidays": {"country": "XX"}}, "does not know the country 'XX'"),
        ({"holidays": {"country": "LU", "subdivision": "Q"}}, "with the subdivision 'Q'"),
    ],
)
def test_a_calendar_that_makes_no_sense_is_refused(change, message):
    with pytest.raises(ValueError, match=message):
        calendar({**LUXEMBOURG, **change})


def test_a_calendar_without_hours_is_refused_and_so_is_one_that_never_opens():
    with pytest.raises(ValueError, match="calendar lacks hours, zone"):
        calendar({})
    now = datetime.datetime(2026, 11, 24, tzinfo=datetime.UTC)
    with pytest.raises(ValueError, match="closed for 366 days after 2026-11-23"):
        due(calendar({"zone": "UTC", "hours": {}}), now, 8)
    for start, hours in ((now.replace(tzinfo=None), 8), (now, 0), (now, -1)):
        with pytest.raises(ValueError, match="a start with a time zone and more than 0 hours"):
            due(calendar(LUXEMBOURG), start, hours)


def test_a_missing_library_is_told_and_needed_only_for_a_country(monkeypatch):
    monkeypatch.setitem(sys.modules, "holidays", None)
    with pytest.raises(ValueError, match="The Python library holidays is missing"):
        calendar(LUXEMBOURG)
    assert calendar({"zone": "UTC", "hours": OFFICE}).week[0] == ((480, 1080),)
