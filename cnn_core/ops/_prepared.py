"""What is worked out from weights alone, kept: a network meets the same ones at every call, a training run new ones.

Compiled engines lay weights out when a model is loaded. Here they come with each call, so that what was laid out is
found again by the weights' own bits, all of them compared: for 256→256 kernels of 3×3 that takes 0.04 ms, to bring them
into Winograd's form again 0.5.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Hashable
from functools import wraps
from threading import Lock
from typing import Any, Concatenate, NamedTuple, ParamSpec, TypeVar

import numpy as np

from cnn_core.ops._arrays import Array

P = ParamSpec("P")
R = TypeVar("R")

# Bytes kept in all, weights and what was made of them: VGG's layers up to 256→256 channels take 19 million.
BYTES_MOST = 32_000_000

# Numbers of some weights that tell them from others before all are compared.
SAMPLED = 16

# Weights of which it is remembered that they came: what never comes again, as in training, is not kept.
SEEN_MOST = 1024

# How often weights come, while nobody asks for what is kept, until they take its place. With 1 a network too large for
# all to be kept would throw out at each layer what it needs next; as it is, each of its layers comes once in between.
OFTEN = 3


class _Kept(NamedTuple):
    """A copy of weights, what was made of them, its bytes without theirs, and the call that last asked for it."""

    weight: Array
    made: Any
    size: int
    asked: int


class _Seen(NamedTuple):
    """Of weights that came: the bytes of what was made of them, and in which calls, the last ``OFTEN - 1``."""

    size: int
    calls: tuple[int, ...]


class Store:
    """What was made of which weights; may be asked by several threads at once."""

    def __init__(self, most: int = BYTES_MOST) -> None:
        self.most = most
        self.size = 0
        self._calls = 0
        self._lock = Lock()
        self._kept: OrderedDict[tuple[Hashable, ...], _Kept] = OrderedDict()
        self._seen: OrderedDict[Hashable, _Seen] = OrderedDict()

    def __len__(self) -> int:
        return len(self._kept)

    def find(self, key: tuple[Hashable, ...], weight: Array) -> _Kept | None:
        """What was made of weights that are these to the last bit."""
        with self._lock:
            self._calls += 1
            found = self._kept.get(key)
            if found is not None:
                self._kept[key] = found = found._replace(asked=self._calls)
                self._kept.move_to_end(key)
        return found if found is not None and same_bits(found.weight, weight) else None

    def tell(self, key: Hashable, size: int) -> None:
        """Remember that of weights of that key so many bytes were made."""
        with self._lock:
            seen = self._seen.get(key)
            self._seen[key] = _Seen(size, (*(seen.calls if seen else ()), self._calls)[1 - OFTEN :])
            self._seen.move_to_end(key)
            if len(self._seen) > SEEN_MOST:
                self._seen.popitem(last=False)

    def copy_to_keep(self, key: tuple[Hashable, ...], weight: Array) -> Array | None:
        """A copy of weights that came before, for ``keep``: one that is kept already, or None without room for it."""
        with self._lock:
            if key not in self._seen:
                return None
            size = self._seen[key].size
            its = key[-3:]  # shape, type and sample, whatever is made of them
            for other, kept in self._kept.items():
                if other[-3:] == its and other != key and same_bits(kept.weight, weight):
                    return kept.weight if self._make_room(key, size) else None
            return weight.copy() if self._make_room(key, size + weight.nbytes) else None

    def keep(self, key: tuple[Hashable, ...], weight: Array, made: Any) -> None:
        """Keep what was made of ``weight``, which nobody else may write to, if there is room."""
        size = _bytes(made)
        with self._lock:
            if self._make_room(key, size + (0 if self._holds(weight) else weight.nbytes)):
                self.size += size + (0 if self._holds(weight) else weight.nbytes)
                self._kept[key] = _Kept(weight, made, size, self._calls)

    def _make_room(self, key: tuple[Hashable, ...], size: int) -> bool:
        """Whether there is room for so much in the place of what is kept by that key, once the idle is let go of."""
        self._drop(key)
        before = self._seen[key].calls if key in self._seen else ()
        while self._kept and self.size + size > self.most:
            oldest = next(iter(self._kept))
            if len(before) < OFTEN - 1 or before[0] < self._kept[oldest].asked:
                break
            self._drop(oldest)
        return self.size + size <= self.most

    def _drop(self, key: tuple[Hashable, ...]) -> None:
        dropped = self._kept.pop(key, None)
        if dropped is not None:
            self.size -= dropped.size + (0 if self._holds(dropped.weight) else dropped.weight.nbytes)

    def _holds(self, weight: Array) -> bool:
        """Whether this very copy is kept: what was made of the same weights in several ways shares one."""
        return any(kept.weight is weight for kept in self._kept.values())


STORE = Store()


def prepared(make: Callable[Concatenate[Array, P], R]) -> Callable[Concatenate[Array, P], R]:
    """A ``make`` that answers from memory what it made of the same weights before.

    Args:
        make: of weights and what can be hashed; arrays that it returns, alone or in a tuple, are made read-only.
    """

    def ask(weight: Array, /, *args: P.args, **kwargs: P.kwargs) -> R:
        line = weight.reshape(-1)
        sample = line[:: max(1, line.size // SAMPLED)].tobytes()
        key = (make, args, *kwargs.items(), weight.shape, weight.dtype, sample)
        found = STORE.find(key, weight)
        if found is not None:
            made: R = found.made
            return made
        # A copy first, so that what is kept belongs to it though somebody else may write to the weights meanwhile.
        copy = STORE.copy_to_keep(key, weight)
        made = make(weight if copy is None else copy, *args, **kwargs)
        for part in _arrays(made):
            part.flags.writeable = False
        if copy is None:
            STORE.tell(key, _bytes(made))
        else:
            STORE.keep(key, copy, made)
        return made

    return wraps(make)(ask)


def same_bits(a: Array, b: Array) -> bool:
    """Whether two arrays of one shape and type agree in every bit: 0 and -0 do not, a NaN and itself do."""
    bits = np.dtype(f"u{a.itemsize}")
    return bool((a.reshape(-1).view(bits) == b.reshape(-1).view(bits)).all())


def _bytes(made: Any) -> int:
    return sum(part.nbytes for part in _arrays(made))


def _arrays(made: Any) -> list[Array]:
    return [part for part in (made if isinstance(made, tuple) else (made,)) if isinstance(part, np.ndarray)]
