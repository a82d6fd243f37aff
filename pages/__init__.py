"""The screen: one short file a page, the components it draws with, and what pages share."""
