"""Django's settings, made from the environment by ``khien.office.config``."""

from __future__ import annotations

from khien.office.config import from_environment

CONFIG = from_environment()

SECRET_KEY = CONFIG.secret_key
DEBUG = False
ALLOWED_HOSTS = list(CONFIG.hosts)
DATABASES = {"default": CONFIG.database}
AUTH_USER_MODEL = "office.User"
AUTHENTICATION_BACKENDS = ["django.contrib.auth.backends.ModelBackend"]
# Scrypt needs memory as well as time from whoever guesses; the second line reads what older hashes there may be.
PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.ScryptPasswordHasher",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}", "OPTIONS": options}
    for name, options in (
        ("UserAttributeSimilarityValidator", {"user_attributes": ("email", "name")}),
        ("MinimumLengthValidator", {"min_length": 12}),
        ("CommonPasswordValidator", {}),
    )
]
INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.staticfiles",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "allauth.socialaccount",
    "allauth.socialaccount.providers.openid_connect",
    "khien.office.apps.OfficeConfig",
    "khien.board.apps.BoardConfig",
]
MIDDLEWARE = [
    "khien.board.middleware.requests",
    "khien.board.traffic.traffic",
    "khien.board.middleware.headers",
    "khien.board.middleware.sizes",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "khien.board.sitting.sitting",
    "khien.board.middleware.people",
    "khien.board.middleware.refusals",
]
ROOT_URLCONF = "khien.board.urls"
WSGI_APPLICATION = "khien.office.wsgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "builtins": ["khien.board.templatetags.board"],
            "context_processors": ["django.template.context_processors.request", "khien.board.context.everywhere"],
        },
    }
]
# Words come from khien.words; Django's own catalogues serve only the messages of its password rules.
USE_I18N = True
LANGUAGES = [("vi", "Tiếng Việt"), ("en", "English")]
LANGUAGE_CODE = "vi"
USE_TZ = True
TIME_ZONE = CONFIG.zone
LOGIN_URL = "/sign-in/"

# Of django-allauth serve second factors and OpenID Connect; signing in itself, its limits and its log are ours, and so
# are all pages. Its own address pages are not reachable.
ACCOUNT_ADAPTER = "khien.office.providers.Accounts"
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*"]
ACCOUNT_EMAIL_VERIFICATION = "none"
MFA_ADAPTER = "khien.office.providers.Factors"
MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
MFA_RECOVERY_CODE_DIGITS = 10
MFA_TOTP_TOLERANCE = 1
SOCIALACCOUNT_ADAPTER = "khien.office.providers.Providers"
SOCIALACCOUNT_LOGIN_ON_GET = True
SOCIALACCOUNT_STORE_TOKENS = False
SOCIALACCOUNT_OPENID_CONNECT_URL_PREFIX = "sign-in"
SOCIALACCOUNT_PROVIDERS = (
    {}
    if CONFIG.provider is None
    else {
        "openid_connect": {
            "OAUTH_PKCE_ENABLED": True,
            "APPS": [
                {
                    "provider_id": "oidc",
                    "name": CONFIG.provider.name,
                    "client_id": CONFIG.provider.client,
                    "secret": CONFIG.provider.secret,
                    "settings": {"server_url": CONFIG.provider.issuer},
                }
            ],
        }
    }
)

STATIC_URL = "static/"
WHITENOISE_USE_FINDERS = True
WHITENOISE_AUTOREFRESH = False

# Uploads are read whole, so they stay small; anything larger is refused before it is parsed.
DATA_UPLOAD_MAX_MEMORY_SIZE = 2 * 1024 * 1024
DATA_UPLOAD_MAX_NUMBER_FIELDS = 500
DATA_UPLOAD_MAX_NUMBER_FILES = 1

SESSION_COOKIE_AGE = 12 * 3600
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = CONFIG.tls
CSRF_COOKIE_HTTPONLY = True
CSRF_FAILURE_VIEW = "khien.board.views.plain.wrong_form"
SECURE_CONTENT_TYPE_NOSNIFF = True
X_FRAME_OPTIONS = "DENY"
if CONFIG.tls:
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    SECURE_HSTS_SECONDS = 31_536_000
if CONFIG.url:
    CSRF_TRUSTED_ORIGINS = [CONFIG.url]

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {
        "line": {"()": "khien.office.telling.Line"},
        "json": {"()": "khien.office.telling.Json"},
    },
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "json" if CONFIG.json_log else "line"}},
    "root": {"handlers": ["stderr"], "level": "WARNING"},
    "loggers": {"khien": {"level": "INFO"}},
}
