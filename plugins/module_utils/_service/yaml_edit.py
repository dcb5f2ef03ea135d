# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection: may change in any release.
"""Change single values of a YAML text and leave every other character as it is: comments, order, quotes, anchors and line ends.

The parser's marks say where the text of each part lies, and only that is replaced. Afterwards the whole is read again, and has to hold what
was to be changed and nothing else that differs: what an anchor shares with other places is refused instead of changed there, too.
"""

from __future__ import annotations

import dataclasses
import typing as t

try:
    import yaml
except ImportError:  # Ansible itself needs it, so that this is only for those who look at files without it
    yaml = None  # type: ignore[assignment]

Key = t.Union[str, int]  # noqa: UP007 - pylint takes no | outside of annotations
Path = tuple[Key, ...]
Data = t.Any
MOST_PARTS = 200_000
"""Parts that a file may have with all aliases written out; more is no specification, but a bomb of anchors."""
WIDE = 10_000
OPENING = {"list": "[", "mapping": "{"}


@dataclasses.dataclass(frozen=True)
class Change:
    """One value that is to be another. act: "set" it, "append" it to the list at the path, or "remove" what is there."""

    act: t.Literal["set", "append", "remove"]
    path: Path
    value: Data = None


@dataclasses.dataclass(frozen=True)
class Node:
    """A part of a text. start, end: of its text, with anchor and tag. parts: elements of a list; of a mapping keys and values by turns.

    kind: "scalar", "list", "mapping", or "alias". style: the quote of a text, "flow" of what is in brackets, "" for others.
    """

    kind: str
    start: int
    end: int
    column: int
    style: str = ""
    value: str = ""
    parts: tuple[Node, ...] = ()

    def pair(self, name: str) -> tuple[Node, Node] | None:
        """A key of a mapping with its value; the last one where there are several, as for everybody who reads it."""
        pairs = zip(self.parts[::2], self.parts[1::2], strict=True) if self.kind == "mapping" else ()
        return next((pair for pair in reversed(list(pairs)) if pair[0].value == name), None)


def read(text: str) -> Data:
    """What a text holds, with aliases written out. What has a tag of its own, such as a vaulted text, is told apart and not looked into.

    Raises ValueError for a text that is no YAML, or more than one document.
    """

    class Loader(getattr(yaml, "CSafeLoader", yaml.SafeLoader)):  # type: ignore[misc]
        """Knows no tags but YAML's own."""

    Loader.add_multi_constructor("!", lambda loader, suffix, node: (suffix, _whole(loader, node)))
    try:
        return _written_out(yaml.load(text, Loader=Loader), [MOST_PARTS])
    except yaml.YAMLError as error:
        raise ValueError(" ".join(str(error).split())) from None


def changed(text: str, changes: t.Iterable[Change]) -> str:
    """The text with the changes made. Raises ValueError where one of them cannot be made without changing something else."""
    for change in changes:
        try:
            new, value = _made(text, _tree(text), change)
        except yaml.YAMLError as error:
            raise ValueError(" ".join(str(error).split())) from None
        if not _holds(new, _wanted(read(text), change, value)):
            raise ValueError(f"{_place(change.path)} is written in a way that cannot be changed without changing more. Change it by hand")
        text = new
    return text


# Reading


def _holds(text: str, wanted: Data) -> bool:
    try:
        return bool(read(text) == wanted)
    except ValueError:
        return False


def _whole(loader: t.Any, node: t.Any) -> Data:
    construct = {"scalar": loader.construct_scalar, "sequence": loader.construct_sequence}.get(node.id, loader.construct_mapping)
    return str(construct(node))


def _written_out(value: Data, left: list[int]) -> Data:
    left[0] -= 1
    if left[0] < 0:
        raise ValueError(f"it has more than {MOST_PARTS} parts with all aliases written out")
    if isinstance(value, dict):
        return {key: _written_out(part, left) for key, part in value.items()}
    return [_written_out(part, left) for part in value] if isinstance(value, list) else value


def _tree(text: str) -> Node:
    events: t.Any = yaml.parse(text, Loader=yaml.SafeLoader)
    for event in events:
        if isinstance(event, yaml.DocumentStartEvent):
            return _node(text, next(events), events)
    return Node("scalar", len(text), len(text), 0)


def _node(text: str, event: t.Any, events: t.Any) -> Node:
    place = (event.start_mark.index, event.end_mark.index, event.start_mark.column)
    if isinstance(event, yaml.AliasEvent):
        return Node("alias", *place)
    if isinstance(event, yaml.ScalarEvent):
        end = place[0] + len(text[place[0] : place[1]].rstrip()) if event.style in ("|", ">") else place[1]
        return Node("scalar", place[0], end, place[2], event.style or "", event.value)
    parts: list[Node] = []
    end = place[0]
    for inner in events:
        if type(inner).__name__ in ("SequenceEndEvent", "MappingEndEvent"):
            # A block goes on to whatever comes next, comments and empty lines among it: it ends with its last part.
            end = inner.end_mark.index if event.flow_style else max([place[0], *(part.end for part in parts)])
            break
        parts.append(_node(text, inner, events))
    kind = "list" if isinstance(event, yaml.SequenceStartEvent) else "mapping"
    return Node(kind, place[0], end, place[2], "flow" if event.flow_style else "", "", tuple(parts))


def _found(text: str, node: Node, path: Path) -> Node:
    """The part at a path."""
    for place, key in enumerate(path):
        pair = node.pair(key) if isinstance(key, str) else None
        if isinstance(key, int) and node.kind == "list" and key < len(node.parts):
            node = node.parts[key]
        elif pair:
            node = pair[1]
        else:
            raise ValueError(f"{_place(path[: place + 1])} is not written where it belongs. Change it by hand")
        if node.kind == "alias":
            line = text.count("\n", 0, node.start) + 1
            raise ValueError(f"{_place(path[: place + 1])} is the alias {text[node.start : node.end]} in line {line}. Write it out first")
    return node


def _place(path: Path) -> str:
    return ".".join(str(key) for key in path)


# Changing. Each gives the new text and the value in the type in which it was written.


def _made(text: str, tree: Node, change: Change) -> tuple[str, Data]:
    above = _found(text, tree, change.path[:-1])
    last = change.path[-1]
    if change.act == "remove":
        return _removed(text, above, t.cast(int, last)), None
    pair = above.pair(t.cast(str, last))
    if change.act == "append" and pair and pair[1].kind == "list" and pair[1].parts:
        return _appended(text, _found(text, above, (last,)), change.value), change.value
    value = [change.value] if change.act == "append" else change.value
    if pair is None:
        return _added(text, above, str(last), value), value
    return _replaced(text, pair, value)


def _replaced(text: str, pair: tuple[Node, Node], value: Data) -> tuple[str, Data]:
    _key, old = pair
    if isinstance(value, list):
        # What is there is empty: [] or nothing.
        return _put(text, old.start, old.end, _gap(text, old) + _flow(value)), value
    start = old.start
    if old.kind == "scalar" and text[start : start + 1] == "&":
        start += len(text[start : old.end].split(maxsplit=1)[0]) + 1
    if old.style in ("'", '"'):
        quoted = str(value)
        return _put(text, start, old.end, f"{old.style}{quoted}{old.style}"), quoted
    return _put(text, start, old.end, _gap(text, old) + _flow(value)), value


def _gap(text: str, old: Node) -> str:
    """A blank after the colon of a key without a value."""
    return " " if old.start == old.end and text[old.start - 1 : old.start] == ":" else ""


def _appended(text: str, node: Node, value: Data) -> str:
    if node.style == "flow":
        return _put(text, node.parts[-1].end, node.parts[-1].end, f", {_flow(value)}")
    dash = _dash(text, node.parts[0])
    in_brackets = node.parts[-1].style == "flow"
    lines = [f"- {_flow(value)}"] if in_brackets or not isinstance(value, dict) else _block([value])
    return _lines_after(text, node.end, [" " * _column(text, dash) + line for line in lines])


def _added(text: str, node: Node, key: str, value: Data) -> str:
    if node.kind == "scalar" and not text[node.start :].strip():
        return text + "\n".join([*_block({key: value}), ""])
    if node.kind != "mapping":
        raise ValueError("it does not hold variables by their names. Change it by hand")
    if node.style == "flow":
        place = node.parts[-1].end if node.parts else node.start + 1
        return _put(text, place, place, f"{', ' if node.parts else ''}{_flow({key: value})[1:-1]}")
    return _lines_after(text, node.end, [" " * node.parts[0].column + line for line in _block({key: value})])


def _removed(text: str, node: Node, place: int) -> str:
    part = node.parts[place]
    if node.style == "flow":
        before, after = node.parts[place - 1 : place], node.parts[place + 1 : place + 2]
        start, end = (part.start, after[0].start) if after else (before[0].end if before else part.start, part.end)
        return _put(text, start, end, "")
    if len(node.parts) == 1:
        line_end = _line_end(text, _key_end(text, _dash(text, part)))
        colon = _key_end(text, _dash(text, part))
        return f"{text[:colon]} []{text[colon:line_end]}{text[_line_end(text, part.end) :]}"
    start = text.rfind("\n", 0, _dash(text, part)) + 1
    if text[start : _dash(text, part)].strip():
        raise ValueError("its list begins in the line of another one. Change it by hand")
    return _put(text, start, _next_line(text, part.end), "")


def _dash(text: str, part: Node) -> int:
    """Where the dash of an element of a list is."""
    return max(start for start, _end in _tokens(text, "BlockEntryToken") if start < part.start)


def _key_end(text: str, dash: int) -> int:
    """The end of the key, with its colon, whose list has its first dash there."""
    return max(end for _start, end in _tokens(text, "ValueToken") if end <= dash)


def _tokens(text: str, kind: str) -> t.Iterator[tuple[int, int]]:
    """Where the parser's tokens of a kind begin and end."""
    tokens: t.Iterable[t.Any] = yaml.scan(text, Loader=yaml.SafeLoader)
    return ((token.start_mark.index, token.end_mark.index) for token in tokens if type(token).__name__ == kind)


def _column(text: str, index: int) -> int:
    return index - (text.rfind("\n", 0, index) + 1)


def _line_end(text: str, index: int) -> int:
    """Where the line ends that a place lies in, before what ends it."""
    end = text.find("\n", index)
    if end < 0:
        return len(text)
    return end - 1 if text[end - 1 : end] == "\r" and end > index else end


def _next_line(text: str, index: int) -> int:
    end = text.find("\n", index)
    return len(text) if end < 0 else end + 1


def _lines_after(text: str, index: int, lines: list[str]) -> str:
    """The text with lines of their own after the one that a place lies in, ended as the others are."""
    newline = "\r\n" if "\r\n" in text else "\n"
    place = _next_line(text, index)
    if text[place - 1 : place] != "\n":
        return text + newline + newline.join(lines)
    return _put(text, place, place, "".join(line + newline for line in lines))


def _put(text: str, start: int, end: int, new: str) -> str:
    return text[:start] + new + text[end:]


# Writing


def _flow(value: Data) -> str:
    """A value on one line, as it may stand in brackets, too."""
    return str(yaml.safe_dump([value], default_flow_style=True, allow_unicode=True, sort_keys=False, width=WIDE)).strip()[1:-1]


def _block(value: Data) -> list[str]:
    """A value on lines, lists indented below their keys."""

    class Dumper(yaml.SafeDumper):
        """Indents lists, and writes everything out."""

        def increase_indent(self, flow: bool = False, indentless: bool = False) -> None:  # noqa: ARG002
            super().increase_indent(flow, False)

        def ignore_aliases(self, _data: object) -> bool:
            return True

    made = yaml.dump(value, Dumper=Dumper, default_flow_style=False, allow_unicode=True, sort_keys=False, width=WIDE)
    return str(made).splitlines()


def _wanted(data: Data, change: Change, value: Data) -> Data:
    """What the text has to hold after a change."""
    data = data if isinstance(data, dict) else {}
    above = data
    for key in change.path[:-1]:
        above = above[key]
    last = change.path[-1]
    if change.act == "remove":
        del above[last]
    elif change.act == "append":
        above[last] = [*(above.get(last) or []), *(value if isinstance(value, list) else [value])]
    else:
        above[last] = value
    return data
