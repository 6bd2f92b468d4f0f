"""Django's settings, all derived from `environment.py`."""

from __future__ import annotations

import hashlib
import os
import secrets
from pathlib import Path
from urllib.parse import unquote

from csp.constants import NONCE
from django.core.exceptions import ImproperlyConfigured

from everyhand.config import environment, languages

try:
    EVERYHAND = environment.read()
except environment.SettingWrong as wrong:
    raise ImproperlyConfigured(str(wrong)) from None

PACKAGE = Path(__file__).resolve().parent.parent


def secret_key(data: Path) -> str:
    """The installation's secret: a file of its own, so that a copy of the database does not hold it."""
    path = data / "secret.key"
    try:
        data.mkdir(parents=True, exist_ok=True)
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            file.write(secrets.token_urlsafe(48))
    except FileExistsError:
        pass
    except OSError as error:
        raise ImproperlyConfigured(
            f"EVERYHAND_DATA is “{data}”: {error.strerror}. Give a directory this user can write to."
        ) from None
    return path.read_text()


SECRET_KEY = secret_key(EVERYHAND.data)
DEBUG = False

_bind_host, _bind_port = EVERYHAND.web or ("127.0.0.1", 8000)
BASE_URL = EVERYHAND.url.geturl() if EVERYHAND.url else f"http://{_bind_host}:{_bind_port}"
_secure = BASE_URL.startswith("https://")
ALLOWED_HOSTS = sorted(
    {_bind_host, "localhost", "127.0.0.1", "[::1]"} | ({EVERYHAND.url.hostname} if EVERYHAND.url else set())
)
CSRF_TRUSTED_ORIGINS = [BASE_URL]

INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "allauth.socialaccount",
    "allauth.socialaccount.providers.saml",
    "allauth.usersessions",
    "axes",
    "csp",
    "django_htmx",
    "everyhand.core",
    "everyhand.people",
    "everyhand.customers",
    "everyhand.conversations",
    "everyhand.routing",
    "everyhand.promises",
    "everyhand.notices",
    "everyhand.escalation",
    "everyhand.channels.email",
    "everyhand.web.apps.WebConfig",
]

# Only where somebody comes in by it: what it imports takes a tenth of the program's start.
if EVERYHAND.oidc_issuer:
    INSTALLED_APPS.append("allauth.socialaccount.providers.openid_connect")

MIDDLEWARE = [
    "everyhand.web.safety.SafetyMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "everyhand.web.packing.PackingMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "everyhand.web.reader.ReaderMiddleware",
    "everyhand.web.errors.KindErrorsMiddleware",
    "everyhand.web.signing_in.SignInRequired",
    "allauth.account.middleware.AccountMiddleware",
    "everyhand.web.second_factor.SecondFactorRequired",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "axes.middleware.AxesMiddleware",
]

ROOT_URLCONF = "everyhand.config.urls"
WSGI_APPLICATION = None

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.jinja2.Jinja2",
        "DIRS": [PACKAGE / "web" / "templates"],
        "APP_DIRS": False,
        "OPTIONS": {
            "environment": "everyhand.web.jinja.Environments",
            "context_processors": ["everyhand.web.reader.context"],
        },
    },
    # allauth's own mails and the few pages of it that are not restyled yet
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ]
        },
    },
]

# See docs/decisions for why SQLite is written to like this. Some 20 connections keep up to 2 MB each; with 6 or 16 no
# page was faster, since the system keeps the file in memory as well. What is written ahead the worker brings home
# (core/sqlite/write_ahead.py).
SQLITE_PRAGMAS = (
    "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA foreign_keys=ON; PRAGMA cache_size=-2000; "
    "PRAGMA wal_autocheckpoint=40000;"
)

if EVERYHAND.database_url:
    _url = EVERYHAND.database_url
    DATABASES = {
        "default": {
            "ENGINE": "everyhand.core.postgresql",
            "NAME": _url.path.strip("/"),
            "USER": unquote(_url.username or ""),
            "PASSWORD": unquote(_url.password or ""),
            "HOST": unquote(_url.hostname or ""),
            "PORT": str(_url.port or ""),
            "CONN_MAX_AGE": None,
            "CONN_HEALTH_CHECKS": True,
            "OPTIONS": {"connect_timeout": 10},
        }
    }
else:
    DATABASES = {
        "default": {
            "ENGINE": "everyhand.core.sqlite",
            "NAME": EVERYHAND.data / "everyhand.sqlite3",
            "CONN_MAX_AGE": None,
            "OPTIONS": {"transaction_mode": "IMMEDIATE", "timeout": 20, "init_command": SQLITE_PRAGMAS},
        }
    }
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

AUTH_USER_MODEL = "people.Member"
AUTHENTICATION_BACKENDS = [
    "axes.backends.AxesStandaloneBackend",
    "everyhand.people.backends.Passwords",
    "everyhand.people.backends.OtherWays",
]
PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.Argon2PasswordHasher",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
]
AUTH_PASSWORD_VALIDATORS = [
    {
        "NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator",
        "OPTIONS": {"user_attributes": ("email", "name")},
    },
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 10}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "home"
LOGOUT_REDIRECT_URL = "account_login"
ACCOUNT_ADAPTER = "everyhand.web.signing_in.Adapter"
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*"]
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_LOGIN_BY_CODE_ENABLED = "code" in EVERYHAND.sign_in
ACCOUNT_LOGIN_BY_CODE_TIMEOUT = 600
ACCOUNT_PREVENT_ENUMERATION = True
ACCOUNT_PASSWORD_RESET_TOKEN_GENERATOR = "everyhand.web.reset_tokens.ResetTokens"  # noqa: S105 (a class)
PASSWORD_RESET_TIMEOUT = 3600
ACCOUNT_EMAIL_SUBJECT_PREFIX = ""
ACCOUNT_EMAIL_UNKNOWN_ACCOUNTS = False  # else a stranger could make us write to strangers
ACCOUNT_SESSION_REMEMBER = True
ACCOUNT_DEFAULT_HTTP_PROTOCOL = "https" if _secure else "http"
MFA_ADAPTER = "everyhand.web.second_factor.Adapter"
MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
MFA_PASSKEY_LOGIN_ENABLED = "passkey" in EVERYHAND.sign_in
MFA_ALLOW_UNVERIFIED_EMAIL = True  # whose address it is was proved when they came in
MFA_TOTP_ISSUER = EVERYHAND.company
MFA_TOTP_TOLERANCE = 1  # half a minute, for a phone whose clock goes wrong
MFA_WEBAUTHN_ALLOW_INSECURE_ORIGIN = not _secure
SOCIALACCOUNT_ADAPTER = "everyhand.web.company_sign_in.Adapter"
SOCIALACCOUNT_EMAIL_VERIFICATION = "none"
SOCIALACCOUNT_STORE_TOKENS = False
SOCIALACCOUNT_PROVIDERS = {
    "openid_connect": {
        "provider_class": "everyhand.web.openid_connect.Provider",
        "OAUTH_PKCE_ENABLED": True,
        "APPS": [
            {
                # Of whom somebody is known by issuer and subject: another issuer is another provider.
                "provider_id": "oidc-" + hashlib.sha256(EVERYHAND.oidc_issuer.encode()).hexdigest()[:16],
                "name": EVERYHAND.oidc_name or EVERYHAND.company,
                "client_id": EVERYHAND.oidc_client,
                "secret": EVERYHAND.oidc_secret,
                "settings": {"server_url": EVERYHAND.oidc_issuer, "fetch_userinfo": False},
            }
        ]
        if EVERYHAND.oidc_issuer and "oidc" in EVERYHAND.sign_in
        else [],
    },
    "saml": {
        "APPS": [
            {
                "provider_id": EVERYHAND.saml_metadata.key,
                "name": EVERYHAND.saml_name or EVERYHAND.company,
                "client_id": "saml",
            }
        ]
        if EVERYHAND.saml_metadata and "saml" in EVERYHAND.sign_in
        else [],
    },
}
AXES_FAILURE_LIMIT = 10
AXES_COOLOFF_TIME = 0.25  # hours
AXES_LOCKOUT_PARAMETERS = [["username", "ip_address"]]
AXES_RESET_ON_SUCCESS = True
AXES_VERBOSE = False
AXES_DISABLE_ACCESS_LOG = True  # the audit trail says who came in, and forgets it in time
AXES_USERNAME_CALLABLE = "everyhand.web.signing_in.typed_address"
AXES_LOCKOUT_CALLABLE = "everyhand.web.signing_in.too_many_tries"

LANGUAGE_CODE = EVERYHAND.language
LOCALE_PATHS = [PACKAGE / "locale"]
LANGUAGES = languages.installed(LOCALE_PATHS[0])
TIME_ZONE = "UTC"
USE_TZ = True

STATIC_URL = "/static/"
WHITENOISE_USE_FINDERS = True
WHITENOISE_AUTOREFRESH = False
# Pages name a file with its version (web.jinja.static), but a script names another without: let none grow old.
WHITENOISE_MAX_AGE = 600

EMAIL_BACKEND = "everyhand.channels.email.outbound.system_mail.Backend"
DEFAULT_FROM_EMAIL = EVERYHAND.mail_from or "help@localhost"

SESSION_ENGINE = "everyhand.people.session_store"
SESSION_COOKIE_NAME = "__Host-session" if _secure else "session"
CSRF_COOKIE_NAME = "__Host-csrf" if _secure else "csrf"
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = _secure
SESSION_COOKIE_AGE = 14 * 24 * 3600
SESSION_COOKIE_SAMESITE = CSRF_COOKIE_SAMESITE = "Lax"
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if _secure else None
SECURE_HSTS_SECONDS = 31_536_000 if _secure else 0
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CONTENT_TYPE_NOSNIFF = True
X_FRAME_OPTIONS = "SAMEORIGIN"  # a mail's HTML is framed by its own conversation
CSRF_FAILURE_VIEW = "everyhand.web.errors.session_expired"

CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": ["'self'"],
        "script-src": ["'self'"],
        "style-src": ["'self'", NONCE],  # the nonce is only there where a page asks for one: the editor needs it
        "img-src": ["'self'", "data:"],
        "frame-src": ["'self'"],
        "frame-ancestors": ["'none'"],
        "form-action": ["'self'"],
        "base-uri": ["'none'"],
        "object-src": ["'none'"],
    }
}

# The largest form without its files, and what may be attached to it.
DATA_UPLOAD_MAX_MEMORY_SIZE = 10_000_000
FILE_UPLOAD_HANDLERS = [
    "everyhand.web.uploads.AtMost",
    "django.core.files.uploadhandler.MemoryFileUploadHandler",
    "django.core.files.uploadhandler.TemporaryFileUploadHandler",
]
DATA_UPLOAD_MAX_NUMBER_FIELDS = 2_000

LOGGING_CONFIG = "everyhand.config.logs.configure"
LOGGING = {"version": 1}  # Django calls the function above only when there is something to give it
SILENCED_SYSTEM_CHECKS = ["axes.W003"]
