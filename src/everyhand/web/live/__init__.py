"""Live updates: open pages learn at once that a conversation moved.

A page listens at `/live` (server-sent events) and is told which conversation moved, never what was said in it; it then
fetches what it shows again, with the permissions of any other request. `reading` asks the database, the `hub` follows
the journal once for everybody who listens, a `stream` is one page that does, and `listen` lets it in.
"""
