"""The convolution laboratory's component: every channel, weight and sum of one convolution, linked three ways."""

from collections.abc import Callable

from pages.components.register import register

_mounts: dict[str, Callable[..., object]] = {}


def convolution(data: bytes, *, key: str, on_message: Callable[[], None], ui_path: str) -> None:
    """Draw the convolution laboratory.

    Args:
        data: a message packed by ``pages.components.blob``.
        key: where the session keeps the component's state; its ``message`` holds unanswered edits, the pinned cell and
            the arrays the browser has.
        on_message: called before the rerun that a message causes.
        ui_path: the path under which the components' files are served.
    """
    mount = _mounts.get(ui_path) or _mounts.setdefault(ui_path, register("convolution", ui_path))
    mount(data=data, key=key, on_message_change=on_message, default={"message": None})
