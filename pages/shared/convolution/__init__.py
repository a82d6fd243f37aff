"""The convolution laboratory: one convolution with every setting there is, over a few channels of numbers."""
