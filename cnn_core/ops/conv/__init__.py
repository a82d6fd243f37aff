"""Convolution as networks mean it: cross-correlation, the kernel not flipped; its gradients and its transpose.

From what is asked to what is done:

- ``convolution``, ``transposed``: the operations; ``checks``: whether arrays and settings fit; ``plan``: what a
  convolution will do, told beforehand.
- ``dispatch``: the branches, what each cannot do and which is chosen; ``costs``: how long each will take, by
  what it does, which ``counts`` and ``gradient_counts`` count.
- ``execute``: has a branch done, part by part or in few calls; ``near``: of an image amid much padding only the part
  near it; ``gradients``: the way back.

The branches, a file each: ``shifted``, ``gathered``, ``banded``, ``folded``, ``staggered``, ``separable``,
``spectral``, ``winograd``. Some are done in other ways where the shape allows it:

- gathered: ``batched`` (several small images, or a single one, in few calls), ``tapped`` (tap by tap), ``covered``
  (windows as large as the image);
- banded: ``whole_rows`` (few calls), ``panels`` (batches of narrow images), ``plane_rows`` (a kernel for each plane);
- staggered: ``staggered_rows`` (how a kernel's rows meet a plane's);
- separable: ``along_rows`` (a row alone);
- winograd: ``tiles`` (its blocks);
- gradients: ``stamped`` and ``abreast`` for the image, ``dotted`` and ``abreast`` for the weights, ``covered``
  for both.

Several of them share ``rows`` (rows laid out), ``laid_out`` (planes laid out), ``products`` (matrix products in parts)
and ``batches`` (blocks of images).
"""

from cnn_core.ops.conv.checks import check_groups, conv_window, transposed_window
from cnn_core.ops.conv.convolution import conv2d, conv2d_backward
from cnn_core.ops.conv.dispatch import Branch
from cnn_core.ops.conv.plan import ConvPlan, conv2d_plan
from cnn_core.ops.conv.transposed import conv_transpose2d, conv_transpose2d_backward

__all__ = [
    "Branch",
    "ConvPlan",
    "check_groups",
    "conv2d",
    "conv2d_backward",
    "conv2d_plan",
    "conv_transpose2d",
    "conv_transpose2d_backward",
    "conv_window",
    "transposed_window",
]
