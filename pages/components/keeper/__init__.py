"""What keeps the experiment on a page without pictures: the address, the reload, and the server's last sentence."""

from pages.components.register import component

keeper = component("keeper")
