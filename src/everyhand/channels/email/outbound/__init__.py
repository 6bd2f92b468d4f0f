"""Mail out: what a member answered becomes a letter and reaches every recipient, or somebody hears that it did not."""
