"""The custom components: one folder each, a typed Python wrapper beside plain ES modules and a style sheet."""
