"""What people do at the desk: the verbs in which two or more domains meet.

Each module here is one verb of the working day (receive, reply, hand over, close, reopen). A verb is a recipe: one
transaction, one call into each domain, read from top to bottom. Whoever wants to know what else happens when a
message arrives reads `receive.py`.
"""
