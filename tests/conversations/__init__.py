"""Conversations, tested in their own terms."""
