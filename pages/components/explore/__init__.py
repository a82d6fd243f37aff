"""The strip of stages on the Explore page: draws a trace, lets cells be asked, and sends edits back."""

from pages.components.register import component

explore = component("explore")
