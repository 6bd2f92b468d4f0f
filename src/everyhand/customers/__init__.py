"""The people we serve, and the addresses by which we know them."""
