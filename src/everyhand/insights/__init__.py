"""What can be learnt from everything that is kept. It reads all floors and changes none."""
