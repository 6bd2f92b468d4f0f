"""The SMTP door: mail comes in, is stored durably, and only then is it said to be taken (RFC 5321 section 6.1)."""
