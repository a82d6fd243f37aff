"""Functions as they are written, for a reader who wants to see what they do."""

import ast
import builtins
import html
import inspect
import io
import keyword
import re
import tokenize
from collections.abc import Callable
from typing import Any


def code(function: Callable[..., Any]) -> str:
    """A function's source without its docstring: the lines that are carried out, and their comments."""
    text = inspect.getsource(function)
    (node,) = ast.parse(text).body
    assert isinstance(node, ast.FunctionDef)
    lines, first = text.splitlines(), node.body[0]
    if ast.get_docstring(node, clean=False) is not None:
        del lines[first.lineno - 1 : first.end_lineno]
    return "\n".join(lines).rstrip()


def code_and_called(function: Callable[..., Any]) -> str:
    """A function's source, then that of every function of its module that it leads to, in the order of calls."""
    module, found = inspect.getmodule(function), [function]
    for each in found:  # which grows meanwhile
        for name in inspect.unwrap(each).__code__.co_names:
            called = getattr(module, name, None)
            if inspect.isfunction(called) and called.__module__ == function.__module__ and called not in found:
                found.append(called)
    return "\n\n\n".join(code(each) for each in found)


def highlighted(text: str) -> str:
    """Python code as HTML, its keywords, strings, numbers and comments in spans of a class each."""
    lines = text.splitlines(keepends=True)
    starts = [0]
    for line in lines:
        starts.append(starts[-1] + len(line))
    parts, done = [], 0
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        kind = _kind(token)
        start, end = (starts[row - 1] + column for row, column in (token.start, token.end))
        if kind and start >= done:
            parts += [html.escape(text[done:start]), f"<span class='ks-{kind}'>{html.escape(text[start:end])}</span>"]
            done = end
    return "".join([*parts, html.escape(text[done:])])


def in_lines(text: str) -> str:
    """Python code as ``highlighted`` has it, each line an element that knows its indent: what wraps hangs below it."""
    parts, begun = [], ""
    for line, marked in zip(text.split("\n"), highlighted(text).split("\n"), strict=True):
        body = begun + marked
        tags = re.findall(r"<span[^>]*>|</span>", body)
        begun = tags[-1] if tags and tags[-1] != "</span>" else ""  # of a string that goes on in the next line
        indent = len(line) - len(line.lstrip())
        parts.append(f"<span class='ks-line' style='--ks-indent: {indent}'>{body}{'</span>' if begun else ''}")
    # The break belongs to the line: between two it would be a line of its own.
    return "\n</span>".join([*parts, ""]).removesuffix("\n</span>") + "</span>"


def _kind(token: tokenize.TokenInfo) -> str:
    name = tokenize.tok_name[token.type]
    if name == "NAME":
        return "word" if keyword.iskeyword(token.string) else "known" if hasattr(builtins, token.string) else ""
    if "STRING" in name:  # FSTRING_START and others, from Python 3.12 on
        return "text"
    return {"NUMBER": "number", "COMMENT": "comment"}.get(name, "")
