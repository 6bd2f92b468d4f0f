"""Mail that a provider brings by HTTP: a webhook of Mailgun, Postmark, SendGrid and others, proved by django-anymail.

`urls` is the door, `take` what happens there, `providers` what each provider sends and `brought` how it is read.
"""
