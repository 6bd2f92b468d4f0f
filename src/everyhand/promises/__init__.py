"""What we told the customer we would do, and by when."""
