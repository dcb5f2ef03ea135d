# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection: may change in any release.
"""HTML in which text is always text: only what this file made, or a caller marks as such, is markup."""

from __future__ import annotations

import html
import re
import typing as t

_NO_TEXT = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]")
"""Characters that no text has; a server may send them all the same."""
REPLACED = "\ufffd"
VOID = ("meta", "input", "br")


class Html(str):
    """Markup that is ready. Any other text is escaped where it is put into an element."""

    __slots__ = ()


def readable(text: str) -> str:
    """A text without the characters that no text has."""
    return _NO_TEXT.sub(REPLACED, text)


Child = t.Union[str, int, float, None]  # noqa: UP007 - pylint takes no | outside of annotations


def text(value: Child) -> Html:
    """Any value as text; nothing for None."""
    if isinstance(value, Html):
        return value
    return Html("" if value is None else html.escape(readable(str(value))))


def tag(name: str, /, *children: Child | t.Iterable[Child], **attributes: t.Any) -> Html:
    """An element. attributes: class_ for class, data_sort for data-sort; None and False leave one out, and True makes it bare."""
    given = "".join(_attribute(key.rstrip("_").replace("_", "-"), value) for key, value in attributes.items())
    if name in VOID:
        return Html(f"<{name}{given}>")
    return Html(f"<{name}{given}>{join(children)}</{name}>")


def join(children: t.Iterable[Child | t.Iterable[Child]]) -> Html:
    """Children one after the other; lists of them are joined, too."""
    return Html("".join(text(t.cast(Child, child)) if _single(child) else join(t.cast(t.Iterable[Child], child)) for child in children))


def _single(child: t.Any) -> bool:
    return child is None or isinstance(child, (str, int, float))


def _attribute(key: str, value: t.Any) -> str:
    if value is None or value is False:
        return ""
    return f" {key}" if value is True else f' {key}="{html.escape(readable(str(value)))}"'
