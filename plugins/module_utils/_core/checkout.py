# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection: may change in any release.
"""Git, as far as files of a checkout are committed and pushed. Its arguments are lists, and no shell sees them."""

from __future__ import annotations

import asyncio
import dataclasses
import os
import signal
import typing as t

from .errors import BaasError, InputError, Refused

TIMEOUT = 180.0
"""Seconds for one call: a hook of the checkout may take its time, and a server that does not answer has it all."""
KEPT = ("PATH", "HOME", "SSH_AUTH_SOCK", "TMPDIR", "XDG_CONFIG_HOME", "https_proxy", "http_proxy", "no_proxy")
"""What git gets of the environment: where it and the user's logins are. Nothing that names another repository or configuration."""
ROLES = ("AUTHOR", "COMMITTER")
CONFLICT = ("non-fast-forward", "fetch first", "[rejected]")


@dataclasses.dataclass(frozen=True)
class Author:
    """In whose name a commit is made."""

    name: str
    email: str


class GitFailed(BaasError):
    """A call of git that failed; what it said is in the message."""


@dataclasses.dataclass(frozen=True)
class Checkout:
    """The checkout that a directory lies in. top: its first directory. shared: where git keeps what all of its work trees share."""

    top: str
    shared: str

    @classmethod
    def of(cls, directory: str) -> Checkout | None:
        """None for a directory that lies in none. Raises InputError where git would be needed to know, and is not installed."""
        try:
            status, output = _git(directory, "rev-parse", "--path-format=absolute", "--show-toplevel", "--git-common-dir")
        except FileNotFoundError:
            above = directory
            while above != os.path.dirname(above):
                if os.path.lexists(os.path.join(above, ".git")):
                    raise InputError(f"{above} is a git checkout, and git is not installed here. Install it.", object=above) from None
                above = os.path.dirname(above)
            return None
        lines = output.splitlines()
        if status and "not a git repository" not in output:
            raise InputError(f"git cannot tell about {directory}: {_short(output)}. Put that right, then run this again.", object=directory)
        return None if status or len(lines) != 2 else cls(*lines)

    @property
    def head(self) -> str:
        """The commit that is checked out."""
        return self._told("rev-parse", "--verify", "HEAD").strip()

    @property
    def branch(self) -> str:
        """Its branch; empty where none is checked out."""
        status, output = _git(self.top, "symbolic-ref", "--quiet", "--short", "HEAD")
        return "" if status else output.strip()

    def differs(self, paths: t.Iterable[str]) -> set[str]:
        """Those of some files that are not as they were committed, new ones among them."""
        told = self._told("status", "--porcelain=v1", "-z", "--no-renames", "--untracked-files=all", "--", *paths)
        return {os.path.join(self.top, row[3:]) for row in told.split("\0") if row}

    def committed(self, path: str) -> str | None:
        """The text of a file as it was committed, as a checkout would write it; None for one that was not."""
        status, output = _git(self.top, "cat-file", "--filters", f"HEAD:{self.relative(path)}")
        return None if status else output

    def relative(self, path: str) -> str:
        return os.path.relpath(path, self.top)

    def commit(self, paths: t.Sequence[str], message: str, author: Author) -> str:
        """Commit these files, and nothing else that may be prepared. Returns the commit's hash. Raises GitFailed."""
        self._told("add", "--", *paths)
        try:
            self._told("commit", "--quiet", "--file=-", "--only", "--", *paths, text=message, author=author)
        except GitFailed:
            _git(self.top, "reset", "--quiet", "--", *paths)
            raise
        return self.head

    def undo(self, message: str) -> None:
        """Take the last commit back with its changes of files, if it is the one that was made with this message."""
        if self._told("log", "-1", "--format=%B").split() == message.split():
            self._told("reset", "--quiet", "--keep", "HEAD~1")

    def pushed(self, remote: str, branch: str) -> bool:
        """Whether what is checked out is on the remote, as far as is known here."""
        status, _output = _git(self.top, "merge-base", "--is-ancestor", "HEAD", f"refs/remotes/{remote}/{branch}")
        return not status

    def push(self, remote: str, branch: str, author: Author) -> None:
        """Push what is checked out; where somebody else has pushed before, once more on top of that. Raises Refused, GitFailed."""
        try:
            self._push(remote, branch)
        except GitFailed as error:
            if not any(sign in str(error) for sign in CONFLICT):
                raise
            self._rebase(remote, branch, author)
            self._push(remote, branch)

    def _push(self, remote: str, branch: str) -> None:
        self._told("push", "--quiet", "--", remote, f"HEAD:refs/heads/{branch}")
        # A remote that is no other than an address has nothing to be noted down for.
        _git(self.top, "update-ref", f"refs/remotes/{remote}/{branch}", "HEAD")

    def _rebase(self, remote: str, branch: str, author: Author) -> None:
        self._told("fetch", "--quiet", "--", remote, f"refs/heads/{branch}")
        status, output = _git(self.top, "rebase", "--quiet", "FETCH_HEAD", author=author)
        if status:
            _git(self.top, "rebase", "--abort")
            raise Refused(
                f"Somebody else has pushed a change of the same lines to {branch} of {remote}: {_short(output)}. Look at it, ask again.",
                object=self.top,
            )

    def _told(self, *arguments: str, text: str = "", author: Author | None = None) -> str:
        status, output = _git(self.top, *arguments, text=text, author=author)
        if status:
            raise GitFailed(f"git {arguments[0]} failed in {self.top}: {_short(output)}", object=self.top)
        return output


def _git(directory: str, *arguments: str, text: str = "", author: Author | None = None) -> tuple[int, str]:
    """Run git; returns its status, and what it said. Raises FileNotFoundError where there is none."""
    return asyncio.run(_run(("git", "-C", directory, *arguments), text, author))


async def _run(command: t.Sequence[str], text: str, author: Author | None) -> tuple[int, str]:
    pipe = asyncio.subprocess.PIPE
    process = await asyncio.create_subprocess_exec(
        *command, stdin=pipe, stdout=pipe, stderr=pipe, env=_environment(author), start_new_session=True
    )
    try:
        output, errors = await asyncio.wait_for(process.communicate(text.encode()), TIMEOUT)
    except TimeoutError:
        os.killpg(process.pid, signal.SIGKILL)
        await process.wait()
        return 1, f"it did not end within {TIMEOUT:.0f} seconds"
    return process.returncode or 0, (output if not process.returncode else output + errors).decode("utf-8", "surrogateescape")


def _environment(author: Author | None) -> dict[str, str]:
    known = {name: os.environ[name] for name in KEPT if name in os.environ}
    settings = {"LC_ALL": "C.UTF-8", "GIT_CONFIG_NOSYSTEM": "1", "GIT_TERMINAL_PROMPT": "0", "GIT_EDITOR": "true", "GIT_SSH_VARIANT": "ssh"}
    settings |= {"GIT_SSH_COMMAND": "ssh -o BatchMode=yes", "GIT_LITERAL_PATHSPECS": "1"}
    if author is not None:
        settings |= {f"GIT_{role}_NAME": author.name for role in ROLES} | {f"GIT_{role}_EMAIL": author.email for role in ROLES}
    return {**known, **settings}


def _short(output: str) -> str:
    """What git, or a hook, said, on one line."""
    text = " ".join("".join(char if char.isprintable() else " " for char in output).split())
    return text[:300] or "it said nothing"
