"""What is written about Everyhand, and the two commands that make parts of it: `settings` and `screenshots.take`."""
