"""The Kernels page's component: every library kernel over one input, side by side, with one hovered cell."""

from pages.components.register import component

gallery = component("gallery")
