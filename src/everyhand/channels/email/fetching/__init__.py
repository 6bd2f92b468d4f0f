"""Fetching mail from mailboxes elsewhere by IMAP (RFC 9051, RFC 3501).

The folder is opened for reading only and nothing in it is ever changed: no mail is marked as read, moved or deleted.
What we have seen to is our own memory, the cursor of `ConnectedMailbox`, which moves in the transaction that accepts
the mail. `connecting` looks first and stores then, `taking` is the recipe, `fetcher` repeats it for one mailbox,
`fetchers` runs one thread for each of them, `diagnosis` says in plain words what keeps one from working.
"""
