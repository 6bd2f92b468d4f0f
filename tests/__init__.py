"""Tests of the house as a whole. Tests of one package live beside it, in its own `tests/`."""
