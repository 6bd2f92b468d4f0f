"""The product as people meet it: the running program in a real browser."""
