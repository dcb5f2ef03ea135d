# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection: may change in any release.
"""The files of one host of an inventory, changed as a rule says, one run at a time: written, committed and pushed, or given as a patch."""

from __future__ import annotations

import dataclasses
import difflib
import os
import re
import stat
import typing as t

from .checkout import Author, Checkout, GitFailed
from .engine import Outcome, Record, Step, Work
from .errors import BaasError, InputError, Refused
from .output import locked, replace_text, write_file

if t.TYPE_CHECKING:
    from .permit import Permit

Texts = dict[str, str]
ENDS = ("", ".yml", ".yaml", ".json")
NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,63}")
LARGEST = 4 << 20


class Run(t.Protocol):
    """What this file needs to know of a run."""

    @property
    def permit(self) -> Permit: ...


@dataclasses.dataclass(frozen=True)
class Wish:
    """What is to become of a change. remote, branch: where it is pushed to; nowhere without a remote, and to the own branch without one.

    unversioned: whether files that no checkout holds may be written. patch: the file for a change that cannot be made here.
    """

    message: str
    author: Author
    remote: str
    branch: str
    unversioned: bool
    patch: str


@dataclasses.dataclass(frozen=True)
class Look:
    """What was seen. texts: as they should be changed, by paths; wanted: what of them changes. hindrance: why it cannot here."""

    checkout: Checkout | None
    texts: Texts
    wanted: Texts
    unpushed: bool
    hindrance: str


class HostFiles:
    """The variables that an inventory keeps of one host: a directory of files, or one. No link is followed to any."""

    def __init__(self, path: str) -> None:
        """Raises InputError for a path that is no host's."""
        above, self._name = os.path.split(path.rstrip("/"))
        if not os.path.isabs(path) or not NAME.fullmatch(self._name):
            raise InputError(
                f"{path[:300]!a} is no path of a host's variables. Give the whole path, such as /srv/inventory/host_vars/acme."
            )
        self.base = os.path.realpath(above)
        self.path = os.path.join(self.base, self._name)
        self.is_directory = os.path.isdir(self.path) and not os.path.islink(self.path)

    def own(self, name: str) -> str:
        """The name of a new file of the host below base(); its one file where it has one, and empty where there can be none."""
        if self.is_directory:
            return name and f"{self._name}/{name}"
        return next((f"{self._name}{end}" for end in ENDS if os.path.lexists(self.path + end)), "")

    def read(self) -> Texts:
        """The texts of all files by their paths. Raises InputError where there is none, or one that is not the host's own."""
        found = [self.path + end for end in ENDS if os.path.lexists(self.path + end)]
        paths = [path for one in found for path in self._below(one)]
        if not paths:
            raise InputError(f"The inventory has no variables of this host in {self.path}. Correct the path.", object=self.path)
        return {path: _text(path) for path in paths}

    def _below(self, place: str) -> t.Iterator[str]:
        if os.path.islink(place) or not os.path.isdir(place):
            yield place
            return
        for name in sorted(os.listdir(place)):
            path = os.path.join(place, name)
            # As Ansible reads them.
            if not name.startswith(".") and not name.endswith("~") and (os.path.isdir(path) or os.path.splitext(name)[1] in ENDS):
                yield from self._below(path)

    def remove_unfinished(self) -> None:
        """Remove what a run that was killed left of a file, which nobody reads."""
        for folder, _folders, names in os.walk(self.path if self.is_directory else self.base):
            for name in names:
                known = re.fullmatch(r"\.(.+)\.[a-z0-9_]{8}", name)
                if known and os.path.lexists(os.path.join(folder, known[1])) and known[1].endswith((".yml", ".yaml")):
                    os.unlink(os.path.join(folder, name))


def _text(path: str) -> str:
    """The text of an ordinary file."""
    try:
        with os.fdopen(os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC), "rb") as stream:
            state = os.fstat(stream.fileno())
            if stat.S_ISREG(state.st_mode) and state.st_size <= LARGEST:
                return stream.read().decode()
            problem = "it is no ordinary file of a specification"
    except (OSError, ValueError) as error:
        is_link = os.path.islink(path)
        problem = (
            "it is a symbolic link, by which others' files could be meant" if is_link else getattr(error, "strerror", "") or str(error)
        )
    raise InputError(f"{path} cannot be read: {problem}. Nothing was changed.", object=path)


@dataclasses.dataclass(frozen=True)
class EditStep:
    """What has to become of the files."""

    work: EditWork
    look: Look
    label: str = ""

    @property
    def open(self) -> bool:
        return bool(self.look.wanted) or self.look.unpushed

    def predict(self) -> Outcome:
        return self.work.outcome(self.look, "", self.look.hindrance)

    def take(self) -> Outcome:
        return self.work.made() if self.open else self.predict()


class EditWork(Work):
    """The change of a host's files that decide() makes of them: those that are to be another, by their names below the host's directory."""

    def __init__(self, files: HostFiles, wish: Wish, run: Run, decide: t.Callable[[Texts], Texts]) -> None:
        self._files = files
        self._wish = wish
        self._permit = run.permit
        self._decide = decide

    def steps(self) -> t.Sequence[Step]:
        return [EditStep(self, self._look())]

    def result(self, outcomes: list[Outcome]) -> Record:
        if not outcomes:
            return {"changed": False}
        return {"changed": outcomes[0].changed, "edit": outcomes[0].after, "diff": outcomes[0].means}

    def outcome(self, look: Look, commit: str, problem: str) -> Outcome:
        """What a result tells. problem: why the change was not made here."""
        patch = self._wish.patch if problem and look.wanted else ""
        told = {
            "files": sorted(look.wanted),
            "done": not (look.wanted and problem),
            "commit": commit or None,
            "pushed": bool(self._wish.remote and not problem and look.checkout),
            "patch": patch or None,
            "problem": problem if look.wanted and problem else None,
        }
        headers = [(path, look.texts.get(path, ""), text) for path, text in sorted(look.wanted.items())]
        diff = [{"before": old, "after": new, "before_header": path, "after_header": path} for path, old, new in headers]
        return Outcome("", bool(look.wanted and not problem) or (look.unpushed and not problem), None, told, diff)

    def made(self) -> Outcome:
        """Look again while nobody else writes, and make the change."""
        look = self._look()
        if look.hindrance:
            return self._left(look, look.hindrance)
        self._permit.ask(f"Changing {self._files.path}")
        with locked(look.checkout.shared if look.checkout else self._files.base, "variables of hosts"):
            self._files.remove_unfinished()
            look = self._look()
            if look.hindrance:
                return self._left(look, look.hindrance)
            self._permit.use()
            return self._written(look) if look.checkout is None else self._committed(look, look.checkout)

    # Looking

    def _look(self) -> Look:
        texts = self._files.read()
        checkout = Checkout.of(self._files.base)
        before = texts if checkout is None else self._as_committed(checkout, texts)
        wanted = {os.path.join(self._files.base, name): text for name, text in self._decide(self._named(before)).items()}
        for path, text in texts.items():
            if text != before.get(path) and text != wanted.get(path):
                raise Refused(
                    f"{path} was changed and not committed, and who did so is not known. Commit that or take it back, then ask again.",
                    object=path,
                )
        hindrance = self._hindrance(checkout, wanted) if wanted else ""
        remote = self._wish.remote
        unpushed = bool(checkout and remote and not wanted and not checkout.pushed(remote, self._branch(checkout)))
        return Look(checkout, before, wanted, unpushed, hindrance)

    def _named(self, texts: Texts) -> Texts:
        return {os.path.relpath(path, self._files.base): text for path, text in texts.items()}

    def _as_committed(self, checkout: Checkout, texts: Texts) -> Texts:
        differ = checkout.differs(texts)
        before = {path: checkout.committed(path) if path in differ else text for path, text in texts.items()}
        return {path: text for path, text in before.items() if text is not None}

    def _branch(self, checkout: Checkout) -> str:
        return self._wish.branch or checkout.branch

    def _hindrance(self, checkout: Checkout | None, wanted: Texts) -> str:
        """Why the change cannot be made here and stay."""
        if checkout is None and not self._wish.unversioned:
            return f"{self._files.base} is no git checkout, so that the change would be in no history"
        places = {*map(os.path.dirname, wanted), *filter(os.path.lexists, wanted), *([checkout.shared] if checkout else [self._files.base])}
        for place in sorted(places):
            if not os.access(place, os.W_OK):
                return f"{place} cannot be written to by this user"
        if checkout and not (self._branch(checkout) if self._wish.remote else checkout.branch):
            return f"{checkout.top} has no branch checked out, so that nobody would find the commit"
        return ""

    # Changing

    def _left(self, look: Look, problem: str) -> Outcome:
        """Leave the files as they are, and the change as a patch."""
        if look.wanted and self._wish.patch:
            self._permit.ask(f"Writing {self._wish.patch}")
            top = look.checkout.top if look.checkout else self._files.base
            text = "".join(_patch(os.path.relpath(path, top), look.texts.get(path), new) for path, new in sorted(look.wanted.items()))
            write_file(self._wish.patch, [text], "0640", make_directory=True)
        return self.outcome(look, "", problem)

    def _written(self, look: Look) -> Outcome:
        for path, text in look.wanted.items():
            try:
                replace_text(path, text)
            except OSError as error:
                raise InputError(f"{path} cannot be written: {error.strerror}. Put that right, then ask again.", object=path) from error
        return self.outcome(look, "", "")

    def _committed(self, look: Look, checkout: Checkout) -> Outcome:
        commit = self._commit(look, checkout) if look.wanted else ""
        if not self._wish.remote:
            return self.outcome(look, commit, "")
        try:
            checkout.push(self._wish.remote, self._branch(checkout), self._wish.author)
            if self._decide(self._named(self._files.read())):
                raise Refused(f"What somebody else has pushed to {self._wish.remote} undoes this change. Look at it, then ask again.")
        except GitFailed as error:
            if not commit:
                raise
            checkout.undo(self._wish.message)
            return self._left(look, str(error))
        except BaasError:
            if commit:
                checkout.undo(self._wish.message)
            raise
        return self.outcome(look, checkout.head if commit else "", "")

    def _commit(self, look: Look, checkout: Checkout) -> str:
        self._written(look)
        try:
            return checkout.commit(sorted(look.wanted), self._wish.message, self._wish.author)
        except GitFailed as error:
            self._put_back(look)
            raise Refused(f"{error} The files are as before. Look at what it says, then ask again.", object=checkout.top) from None

    def _put_back(self, look: Look) -> None:
        for path in look.wanted:
            if path in look.texts:
                replace_text(path, look.texts[path])
            else:
                os.unlink(path)


def _patch(name: str, old: str | None, new: str) -> str:
    """A change of a file, as git and patch take it."""
    before = [] if old is None else old.splitlines(keepends=True)
    rows = difflib.unified_diff(before, new.splitlines(keepends=True), "/dev/null" if old is None else f"a/{name}", f"b/{name}")
    return "".join(row if row.endswith("\n") else f"{row}\n\\ No newline at end of file\n" for row in rows)
