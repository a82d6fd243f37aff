"""A package, so that a test file here and one of the same name in a folder below are two modules."""
