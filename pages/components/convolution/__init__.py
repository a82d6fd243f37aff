"""The convolution laboratory's component: every channel, weight and sum of one convolution, linked three ways."""

from pages.components.register import component

convolution = component("convolution")
