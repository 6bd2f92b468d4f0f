"""The words themselves: what a customer and we said to each other, who takes part, who is responsible."""
