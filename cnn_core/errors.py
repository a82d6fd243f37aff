"""The errors ``cnn_core`` raises on purpose; each message is a sentence a person can act on."""


class CnnCoreError(ValueError):
    """Any refusal by ``cnn_core``: catch this one to show its message as it is."""


class ShapeError(CnnCoreError):
    """An array does not fit by its rank, size or kind, or a setting of an operation or layer by what it is.

    Such settings are a stride, ``eps`` or a temperature; the message says what came, what was expected and what works.
    """


class ImageError(CnnCoreError):
    """A file could not be read as a picture."""


class ModelError(CnnCoreError):
    """A network, its file or a kernel cannot be used, or what is asked of one, such as a seed or a learning rate.

    Dropout's probability, which networks alone draw by, is among these.
    """


# Characters of a value that a sentence shows.
SHOWN_MOST = 100


def shown(value: object) -> str:
    """What came in, as a sentence shows it: on one line, and of a long one the beginning."""
    try:
        text = " ".join(repr(value).split())
    except ValueError:  # Python writes no whole number of more than 4300 digits
        text = "a number too long to be written"
    return text if len(text) <= SHOWN_MOST else f"{text[:SHOWN_MOST]}…"
