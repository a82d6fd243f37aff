"""The pooling laboratory's component: every pooling over one input, its winners, its gradient and what a shift does."""

from pages.components.register import component

pooling = component("pooling")
