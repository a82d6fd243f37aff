"""The operations, each a pure function of arrays; layers pair them with parameters."""

from cnn_core.ops._memory import keep_freed

keep_freed()
