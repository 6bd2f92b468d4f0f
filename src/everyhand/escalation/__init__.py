"""Somebody is woken before a customer is let down, and then somebody else, until one of them says "I act"."""
