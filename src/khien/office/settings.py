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
    "khien.office.apps.OfficeConfig",
    "khien.board.apps.BoardConfig",
]
MIDDLEWARE = [
    "khien.board.middleware.requests",
    "khien.board.middleware.headers",
    "khien.board.middleware.sizes",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
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
    "formatters": {"line": {"format": "%(asctime)s %(levelname)s %(name)s %(message)s"}},
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["stderr"], "level": "WARNING"},
    "loggers": {"khien": {"level": "INFO"}},
}
