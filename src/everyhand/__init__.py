"""Customer service for the whole company: every message reaches a named person who can fix it, and nothing is lost."""

__version__ = "0.1.0"
