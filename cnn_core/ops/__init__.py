"""The operations, each a pure function of arrays; layers pair them with parameters."""
