"""What knows nothing of customers: the journal, work with a due time, the write path, blobs, tokens, search."""
