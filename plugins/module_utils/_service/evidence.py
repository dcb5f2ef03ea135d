# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection: may change in any release.
"""Seals of a region's restore tests, and their verification from the files alone.

A seal is a text as sha256sum writes it, and checks with --check: a line for each file that no seal before it names, which are the record
and the page of its run, and the seal before it. So each month's seal holds all that was there before, and one changed byte is found.

Verification also draws again, by the rule that the README of the role restore_test has, and without what the role itself draws with. An
auditor needs no more than this file:

    python3 evidence.py /path/to/evidence/restore_tests/luxembourg
"""

from __future__ import annotations

import hashlib
import json
import pathlib
import re
import sys
import typing as t

Files = t.Mapping[str, bytes]
Sums = dict[str, str]

SEAL = ".sha256"
SIGNATURES = (f"{SEAL}.asc", f"{SEAL}.sig")
"""Detached signatures of seals, which sign all that the seal holds."""
PREFIXES = {"vm": "vm/", "file": "files/", "database": "sql/"}
"""How the identifiers of systems begin, by kind."""
_LINE = re.compile(r"([0-9a-f]{64})  ([^/\\\x00-\x1f\x7f]+)")


class Wrong(Exception):
    """The first thing that is wrong, in a sentence."""


def read(directory: str) -> Files:
    """The files of a directory by name, but for links, and for hidden ones, which a write that was killed leaves. Raises OSError."""
    paths = [path for path in pathlib.Path(directory).iterdir() if not path.name.startswith(".") and not path.is_symlink()]
    return {path.name: path.read_bytes() for path in paths if path.is_file()}


def seal(files: Files) -> str:
    """The next seal of a directory with these files, by name; empty if all are sealed. What is no seal is sealed like any other file."""
    named = {name for seal in files if seal.endswith(SEAL) for name in _sums(files[seal])}
    return "".join(f"{_sha256(files[name])}  {name}\n" for name in sorted(files) if name not in named and not name.endswith(SIGNATURES))


def verify(files: Files) -> int:
    """Check the files of a region, by name; gives how many restore tests they prove. Raises Wrong."""
    seals = {name: _sums(files[name]) for name in sorted(files) if name.endswith(SEAL)}
    for name, sums in seals.items():
        _verify_sums(name, sums, files)
    chain = _chain(seals)
    records = sum(_verify_file(other, files) for name in chain for other in seals[name])
    sealed = {chain[-1]}.union(*seals.values())
    unsealed = sorted(name for name in files if name not in sealed and not name.endswith(SIGNATURES))
    if unsealed:
        raise Wrong(f"{unsealed[0]} is named by no seal: its run was killed before that, which the next one mends, or it was put there.")
    return records


def _verify_sums(name: str, sums: Sums, files: Files) -> None:
    if not sums:
        raise Wrong(f"{name} is no seal: it must have lines as sha256sum writes them, each file once.")
    for other, known in sums.items():
        if other not in files:
            raise Wrong(f"{name} names {other}, which is not there.")
        if _sha256(files[other]) != known:
            raise Wrong(f"{other} is not what it was when {name} was written.")


def _sums(seal: bytes) -> Sums:
    """The sums of the files that a seal names; none if it is no seal."""
    text = seal.decode("utf-8", "replace")
    lines = [_LINE.fullmatch(line) for line in text.split("\n")[:-1]]
    sums = {line[2]: line[1] for line in lines if line}
    return sums if len(sums) == len(lines) and text.endswith("\n") else {}


def _chain(seals: t.Mapping[str, Sums]) -> list[str]:
    """The seals, first to last: each but the first names the one before it, and each but the last is named by one."""
    before = {name: [other for other in sums if other.endswith(SEAL)] for name, sums in seals.items()}
    lasts = sorted(set(seals).difference(*before.values()))
    if not lasts:
        raise Wrong("There is no last seal.")
    if len(lasts) > 1:
        raise Wrong(f"{' and '.join(lasts)} are each the last seal: one was put there, or the next one is gone.")
    chain = lasts
    while others := before[chain[-1]]:
        if len(others) > 1 or others[0] in chain:
            raise Wrong(f"{chain[-1]} names {' and '.join(others)} as the seal before it, which is one alone.")
        chain += others
    outside = sorted(set(seals).difference(chain))
    if outside:
        raise Wrong(f"{outside[0]} is not in the chain of seals.")
    return chain[::-1]


def _verify_file(name: str, files: Files) -> int:
    """Check what a file says; 1 for a record."""
    if not name.endswith(".json"):
        return 0
    try:
        _verify_record(json.loads(files[name]))
    except Wrong as problem:
        raise Wrong(f"{name}: {problem}") from None
    except (ValueError, LookupError, TypeError, AttributeError, RecursionError) as problem:
        raise Wrong(f"{name} is not the record of a restore test ({type(problem).__name__}: {problem}).") from None
    page = name.removesuffix(".json") + ".html"
    if page in files and _sha256(files[name]) not in files[page].decode("utf-8", "replace"):
        raise Wrong(f"{page} does not have the SHA-256 of {name}.")
    return 1


def _verify_record(record: t.Mapping[str, t.Any]) -> None:
    if record["kind"] != "restore_test":
        raise Wrong(f"its kind is {record['kind']!r}")
    population, draw, samples = record["population"], record["draw"], record["samples"]
    systems = [str(system) for system in population["systems"]]
    _verify_list("population", systems, population["hash"], population["size"])
    if not draw["seed_given"] and draw["seed"] != _seed(record):
        raise Wrong("the seed is not that of its region, period, population, salt and beacon.")
    drawn = {kind: system for kind, prefix in PREFIXES.items() if (system := _first(draw["seed"], systems, prefix))}
    tested = {str(sample["kind"]): sample["id"] for sample in samples}
    if tested != drawn or len(tested) != len(samples):
        raise Wrong(f"tested were {', '.join(map(str, tested.values())) or 'none'}, drawn {', '.join(drawn.values()) or 'none'}.")
    for sample in samples:
        _verify_inside(sample["test"], draw["seed"])
    _verify_result(record)


def _seed(record: t.Mapping[str, t.Any]) -> str:
    draw = record["draw"]
    parts = [record["region"], record["period"], record["population"]["hash"], draw["salt"]]
    rules = {"sha256-rank/1": parts, "sha256-rank/2": [*parts, draw.get("beacon", "")]}
    if draw["selector"] not in rules:
        raise Wrong(f"the rule of the draw, {draw['selector']}, is not known.")
    return _sha256("|".join(rules[draw["selector"]]).encode("utf-8", "surrogatepass"))


def _verify_inside(test: t.Mapping[str, t.Any], seed: str) -> None:
    """Check the draw among the files of a backup, or the databases of an instance."""
    for key, members, drawn in (("files", "paths", "path"), ("databases", "names", "database")):
        if key in test:
            among = [str(member) for member in test[key][members]]
            _verify_list(key, among, test[key]["population_hash"], test[key]["population_size"])
            if drawn in test and test[drawn] != _first(seed, among):
                raise Wrong(f"tested was {test[drawn]}, drawn {_first(seed, among)}.")


def _verify_list(what: str, members: list[str], known: str, size: int) -> None:
    text = json.dumps(sorted(set(members)), ensure_ascii=False, separators=(",", ":"))
    if (_sha256(text.encode("utf-8", "surrogatepass")), len(members), len(set(members))) != (known, size, size):
        raise Wrong(f"size or hash of its {what} are not those of the list.")


def _verify_result(record: t.Mapping[str, t.Any]) -> None:
    """Whether the verdict is the one that the checks and reasons in the record give."""
    samples = record["samples"]
    failed = bool(record["failures"]) or any(sample["failures"] or not _clean(sample["test"]) for sample in samples)
    expected = "failed" if failed else "unproven" if record.get("unproven") or any("unproven" in sample for sample in samples) else "passed"
    if record["result"] != expected:
        raise Wrong(f"the result is {record['result']}, and what is in the record gives {expected}.")


def _clean(test: t.Mapping[str, t.Any]) -> bool:
    return bool(test["cleanup"]["gone"] and "error" not in test and test.get("checks") and all(line["passed"] for line in test["checks"]))


def _first(seed: str, members: t.Iterable[str], prefix: str = "") -> str | None:
    """The member that is drawn of those that begin with a prefix."""
    ranked = ((_sha256(f"{seed}|{member}".encode("utf-8", "surrogatepass")), member) for member in members if member.startswith(prefix))
    return min(ranked, default=(None, None))[1]


def _sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def main(directories: t.Sequence[str]) -> int:
    """Check directories, each of a region; the exit status is 1 if one of them is not as it was written."""
    status = 0
    for directory in directories:
        try:
            said = f"{verify(read(directory))} restore tests, each as it was written"
        except (Wrong, OSError) as problem:
            said, status = str(problem), 1
        sys.stdout.write(f"{directory}: {said}\n")
    return status if directories else 2


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
