"""What keeps the experiment on a page without pictures: the address, the reload, and the server's last sentence."""

from collections.abc import Callable

from pages.components.register import register

_mounts: dict[str, Callable[..., object]] = {}


def keeper(data: bytes, *, key: str, on_message: Callable[[], None], ui_path: str) -> None:
    """Keep the experiment in the address, and find the session again that the page showed before it was loaded.

    Args:
        data: a message packed by ``pages.components.blob``.
        key: where the session keeps the component's state; its ``message`` may name a session to be taken up.
        on_message: called before the rerun that a message causes.
        ui_path: the path under which the components' files are served.
    """
    mount = _mounts.get(ui_path) or _mounts.setdefault(ui_path, register("keeper", ui_path))
    mount(data=data, key=key, on_message_change=on_message, default={"message": None})
