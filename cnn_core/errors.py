"""The errors ``cnn_core`` raises on purpose; each message is a sentence a person can act on."""


class CnnCoreError(ValueError):
    """Any refusal by ``cnn_core``: catch this one to show its message as it is."""


class ShapeError(CnnCoreError):
    """An array's rank or size does not fit: the message says what came, what was expected and what would work."""


class ImageError(CnnCoreError):
    """A file could not be read as a picture."""


class ModelError(CnnCoreError):
    """A network, its weights or its settings cannot be used."""
