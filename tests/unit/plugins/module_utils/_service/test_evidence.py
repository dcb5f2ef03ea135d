# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import json
import random
import shutil
import subprocess
import sys
import typing as t
from pathlib import Path

import pytest

from ansible_collections.calligo.baas.plugins.module_utils._service import evidence, sampling

Json = dict[str, t.Any]
SYSTEMS = ["files/acme/fs01/data", "vm/acme/aa", "vm/acme/bb", "vm/acme/cc"]
MONTHS = ("2026-09", "2026-10", "2026-11")
LAST = "restore-test-luxembourg-2026-11-00000003"


def record(period: str = "2026-09", **draw: t.Any) -> Json:
    """The evidence of a restore test that passed."""
    made: Json = {"selector": sampling.SELECTOR, "salt": "s", "seed_given": False, **draw}
    seed = made.setdefault("seed", sampling.seed_of("luxembourg", period, SYSTEMS, "s"))
    paths = [f"D:\\{number}.txt" for number in range(9)]
    listed = {"population_hash": sampling.population_hash(paths), "population_size": len(paths), "paths": paths}
    good = {"cleanup": {"name": "rt", "gone": True}, "checks": [{"check": "Size", "expected": 1, "actual": 1, "passed": True}]}
    tests = {"vm": good, "file": {**good, "files": listed, "path": sampling.draw(seed, paths)[0]}}
    drawn = {kind: sampling.draw(seed, [one for one in SYSTEMS if one.startswith(evidence.PREFIXES[kind])])[0] for kind in tests}
    return {
        "kind": "restore_test",
        "region": "luxembourg",
        "period": period,
        "population": {"hash": sampling.population_hash(SYSTEMS), "size": len(SYSTEMS), "systems": SYSTEMS},
        "draw": made,
        "samples": [{"id": drawn[kind], "kind": kind, "test": test, "failures": []} for kind, test in tests.items()],
        "failures": [],
        "result": "passed",
    }


def add(files: dict[str, bytes], name: str, content: Json) -> dict[str, bytes]:
    """The files with those of another run, sealed."""
    data = json.dumps(content, indent=4).encode()
    page = f"<p>{evidence._sha256(data)}</p>".encode()
    files = {**files, f"{name}.json": data, f"{name}.html": page}
    return {**files, f"{name}.sha256": evidence.seal(files).encode()}


def year() -> dict[str, bytes]:
    """The directory of a region after three months; its first run was made before there were seals."""
    files: dict[str, bytes] = {"restore-test-luxembourg-2026-08-00000000.json": json.dumps(record("2026-08")).encode()}
    for number, period in enumerate(MONTHS, 1):
        files = add(files, f"restore-test-luxembourg-{period}-0000000{number}", record(period))
    return files


def wrong(files: t.Mapping[str, bytes]) -> str:
    with pytest.raises(evidence.Wrong) as caught:
        evidence.verify(files)
    return str(caught.value)


def test_what_is_as_it_was_written_is_proven_and_a_seal_holds_all_before_it() -> None:
    files = year()
    assert evidence.verify(files) == 4
    assert evidence.verify({**files, f"{LAST}.sha256.asc": b"signature"}) == 4
    named = [line.split("  ")[1] for line in files[f"{LAST}.sha256"].decode().splitlines()]
    assert named == ["restore-test-luxembourg-2026-10-00000002.sha256", f"{LAST}.html", f"{LAST}.json"]


def test_a_changed_byte_anywhere_is_found_and_its_file_or_its_seal_named() -> None:
    files, chance = year(), random.Random(8)
    for name, content in files.items():
        for place in chance.sample(range(len(content)), min(len(content), 150)):
            byte = chance.choice([value for value in range(256) if value != content[place]])
            said = wrong({**files, name: content[:place] + bytes([byte]) + content[place + 1 :]})
            assert name in said or name.rpartition(".")[0] in said, (name, place, byte)


@pytest.mark.parametrize("name", sorted(year()))
def test_a_file_that_is_gone_is_found(name: str) -> None:
    assert wrong({other: content for other, content in year().items() if other != name})


def test_a_file_that_was_put_there_is_found() -> None:
    files = year()
    assert wrong({**files, "x.json": b"{}"}).startswith("x.json is named by no seal")
    forged = add({name: content for name, content in files.items() if name[:31] < LAST[:31]}, "forged", record("2026-11"))
    assert "are each the last seal" in wrong({**forged, **files})
    assert wrong({}) == "There is no last seal."


@pytest.mark.parametrize("content", [b"", b"x\n", b"0" * 64 + b"  ../x\n", b"0" * 64 + b"  x", (b"0" * 64 + b"  x\n") * 2])
def test_a_seal_that_is_none_is_wrong_and_keeps_no_run_from_being_sealed(content: bytes) -> None:
    files = add({"a.sha256": content}, LAST, record())
    assert b"  a.sha256\n" in files[f"{LAST}.sha256"]
    assert wrong(files).startswith("a.sha256 is no seal")


def changed(content: Json, path: str, value: t.Any) -> Json:
    """A record with another value, and all else the same."""
    made: Json = json.loads(json.dumps(content))
    *parents, last = path.split(".")
    place: t.Any = made
    for name in parents:
        place = place[int(name)] if isinstance(place, list) else place[name]
    place[last] = value
    return made


@pytest.mark.parametrize(
    ("path", "value", "words"),
    [
        ("samples.0.id", "vm/acme/none", "tested were vm/acme/none"),
        ("samples", [], "tested were none, drawn vm/"),
        ("samples.1.test.path", "D:\\none.txt", "tested was D:\\none.txt, drawn D:\\"),
        ("samples.1.test.files.paths", ["D:\\1.txt"], "size or hash of its files"),
        ("population.systems", SYSTEMS[:3], "size or hash of its population"),
        ("population.systems", [*SYSTEMS, SYSTEMS[0]], "size or hash of its population"),
        ("draw.seed", "0" * 64, "the seed is not that of its region"),
        ("draw.salt", "another", "the seed is not that of its region"),
        ("draw.selector", "by-hand/1", "the rule of the draw, by-hand/1, is not known"),
        ("failures", ["VM: no"], "the result is passed, and what is in the record gives failed"),
        ("samples.0.test.cleanup.gone", False, "gives failed"),
        ("samples.0.test.checks", [], "gives failed"),
        ("unproven", ["VM: no"], "gives unproven"),
        ("result", "failed", "gives passed"),
        ("kind", "onboarding", "its kind is 'onboarding'"),
        ("population", None, "is not the record of a restore test"),
    ],
)
def test_a_record_that_says_what_its_own_words_do_not_give_is_wrong_however_well_it_is_sealed(path: str, value: t.Any, words: str) -> None:
    assert words in wrong(add(year(), "forged", changed(record("2026-12"), path, value)))


def test_a_beacon_is_drawn_with_again() -> None:
    seed = sampling.seed_of("luxembourg", "2026-09", SYSTEMS, "s", "drand 7 ab")
    made = record(seed=seed, selector=sampling.selector("drand 7 ab"), beacon="drand 7 ab")
    assert evidence.verify(add({}, "a", made)) == 1
    assert "the seed is not that of its region" in wrong(add({}, "a", changed(made, "draw.beacon", "drand 7 ac")))


def test_a_seed_by_hand_is_taken_as_it_is() -> None:
    assert evidence.verify(add({}, "a", record(seed="a" * 64, seed_given=True))) == 1


def test_a_page_of_another_record_is_wrong() -> None:
    files = {"a.json": json.dumps(record()).encode(), "a.html": b"<p>0</p>"}
    assert wrong({**files, "a.sha256": evidence.seal(files).encode()}) == "a.html does not have the SHA-256 of a.json."


def test_the_command_needs_nothing_but_its_file_and_says_the_first_thing_that_is_wrong(tmp_path: Path) -> None:
    command = shutil.copy(str(evidence.__file__), tmp_path / "verify.py")
    region = tmp_path / "luxembourg"
    region.mkdir()
    for name, content in {**year(), ".killed.json.x": b"{"}.items():
        (region / name).write_bytes(content)

    def run(*arguments: str) -> tuple[int, str]:
        done = subprocess.run([sys.executable, "-I", command, *arguments], capture_output=True, text=True, timeout=60, check=False)
        assert not done.stderr
        return done.returncode, done.stdout

    assert run(str(region)) == (0, f"{region}: 4 restore tests, each as it was written\n")
    assert run() == (2, "")
    (region / f"{LAST}.json").write_bytes(b"{}")
    assert run(str(region)) == (1, f"{region}: {LAST}.json is not what it was when {LAST}.sha256 was written.\n")
    assert run(str(tmp_path / "none"))[0] == 1


@pytest.mark.skipif(shutil.which("sha256sum") is None, reason="coreutils are not installed")
def test_a_seal_is_what_sha256sum_checks(tmp_path: Path) -> None:
    for name, content in year().items():
        (tmp_path / name).write_bytes(content)
    seals = sorted(path.name for path in tmp_path.glob("*.sha256"))
    subprocess.run(["sha256sum", "--check", "--strict", "--quiet", *seals], cwd=tmp_path, check=True, timeout=60)
