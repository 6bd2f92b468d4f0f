"""E-mail: taken in so that it cannot be lost, understood in a separate step, answered so that it threads everywhere."""
