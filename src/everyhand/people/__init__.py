"""Everybody who works here: members, their teams, and when each of them is there for a customer."""
