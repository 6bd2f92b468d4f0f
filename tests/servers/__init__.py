"""The real servers the tests talk to: PostgreSQL, Postfix, Chromium, and Everyhand itself.

Each is started here with a configuration and a directory of its own, on a free port of 127.0.0.1, and ends with the
tests, however they end. Where the machine lacks one, `tests.skips.absent` says so and skips the tests that need it.
"""
