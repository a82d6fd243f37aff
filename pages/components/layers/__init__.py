"""The layers laboratory's component: the map before, the arithmetic and the map after, of every kind of layer."""

from pages.components.register import component

layers = component("layers")
