"""Functions as they are written, for a reader who wants to see what they do."""

import ast
import inspect
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
        for name in each.__code__.co_names:
            called = getattr(module, name, None)
            if inspect.isfunction(called) and called.__module__ == function.__module__ and called not in found:
                found.append(called)
    return "\n\n\n".join(code(each) for each in found)
