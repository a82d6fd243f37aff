"""Learning: optimisers that move a network's parameters, and ``fit``, which leads them over the examples."""

from cnn_core.training.fit import Report, evaluate, fit, observe
from cnn_core.training.optimizers import SGD, Adam, Optimizer

__all__ = ["SGD", "Adam", "Optimizer", "Report", "evaluate", "fit", "observe"]
