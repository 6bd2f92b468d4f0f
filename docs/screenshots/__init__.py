"""Pictures of the program for its documentation, and the command that takes them."""
