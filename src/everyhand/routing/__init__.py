"""The ownership map: who answers for this thing, so that every conversation has a named owner from its first second."""
