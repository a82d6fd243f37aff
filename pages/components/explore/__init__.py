"""The strip of stages on the Explore page: draws a trace, lets cells be asked, and sends edits back."""

from collections.abc import Callable

from pages.components.register import register

_mounts: dict[str, Callable[..., object]] = {}


def explore(data: bytes, *, key: str, on_message: Callable[[], None], ui_path: str) -> None:
    """Draw the Explore component.

    Args:
        data: a message packed by ``pages.components.blob``.
        key: where the session keeps the component's state; its ``message`` holds unanswered edits, the pinned cell and
            the arrays the browser has.
        on_message: called before the rerun that a message causes.
        ui_path: the path under which the components' files are served.
    """
    mount = _mounts.get(ui_path) or _mounts.setdefault(ui_path, register("explore", ui_path))
    mount(data=data, key=key, on_message_change=on_message, default={"message": None})
