"""The customers' doors. One folder a channel, alike inside; each turns what came in into an `Inbound` for the desk."""
