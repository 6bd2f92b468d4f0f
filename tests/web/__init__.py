"""The staff's web pages, tested from outside."""
