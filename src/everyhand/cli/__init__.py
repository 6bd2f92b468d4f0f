"""The command line, and the processes that keep Everyhand running."""
