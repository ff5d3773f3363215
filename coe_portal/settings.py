"""Django's settings, the same everywhere: what differs between a laptop and production comes from ``env.py``."""

from pathlib import Path
from typing import Any

import django_stubs_ext
from django.utils.csp import CSP
from redis.backoff import NoBackoff
from redis.retry import Retry

from coe_portal import connections
from coe_portal import env as environment
from coe_portal.logs import logging_config
from coe_portal.schedule import SCHEDULE

django_stubs_ext.monkeypatch()  # so that ModelAdmin[User] and the like mean the same at run time as to mypy

ENV = environment.read()
BASE_DIR = Path(__file__).resolve().parent.parent


# The organisation
ORGANISATION_NAME = ENV.ORGANISATION_NAME
PRODUCT_NAME = "CoE Portal"
BASE_URL = ENV.BASE_URL

# Django
SECRET_KEY = ENV.SECRET_KEY
DEBUG = ENV.DEBUG
ALLOWED_HOSTS = list(ENV.ALLOWED_HOSTS)
CSRF_TRUSTED_ORIGINS = list(ENV.CSRF_TRUSTED_ORIGINS)
ROOT_URLCONF = "coe_portal.urls"
WSGI_APPLICATION = "coe_portal.wsgi.application"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
APPEND_SLASH = True

INSTALLED_APPS = [
    "coe_portal.core.apps.CoeAdminConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.humanize",
    "django.contrib.messages",
    "django.contrib.postgres",
    "django.contrib.sessions",
    "django.contrib.staticfiles",
    "django.forms",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "allauth.socialaccount",
    "allauth.socialaccount.providers.openid_connect",
    "django_filters",
    "django_htmx",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "rest_framework",
    "coe_portal.core.apps.CoreConfig",
    "projects",
    "governance",
    "deployments",
    "coe_portal.pages",
]

MIDDLEWARE = [
    "coe_portal.core.middleware.RequestIdMiddleware",
    "coe_portal.core.middleware.HealthMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "coe_portal.core.compression.CompressPagesMiddleware",
    "django.middleware.csp.ContentSecurityPolicyMiddleware",
    "coe_portal.core.middleware.RefuseUnreadableMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "coe_portal.core.middleware.SlashMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "coe_portal.core.middleware.ActingPersonMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "coe_portal.core.middleware.HtmxSignInMiddleware",
    "coe_portal.core.middleware.DomainErrorMiddleware",
    "django.contrib.auth.middleware.LoginRequiredMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
]

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "coe_portal.core.context.portal",
            ],
            "builtins": ["coe_portal.core.templatetags.coe_paths"],
        },
    },
    {
        "BACKEND": "django.template.backends.jinja2.Jinja2",
        "NAME": "compiled",
        "DIRS": [BASE_DIR / "templates" / "jinja2"],
        "OPTIONS": {"environment": "coe_portal.core.compiled.environment"},
    },
]
FORM_RENDERER = "django.forms.renderers.TemplatesSetting"

# Data
DATABASES = {"default": connections.database(ENV.DATABASE_URL)}
_REDIS: dict[str, Any] = {
    "LOCATION": ENV.REDIS_URL,
    "KEY_PREFIX": "coe",
    "OPTIONS": {"socket_connect_timeout": 1, "socket_timeout": 1, "retry": Retry(NoBackoff(), 1)},
}
CACHES = {
    "default": {"BACKEND": "coe_portal.core.cache.ResilientRedisCache", **_REDIS},
    "redis": {"BACKEND": "django.core.cache.backends.redis.RedisCache", **_REDIS},  # for those who ask how Redis is
}
REDIS_URL = ENV.REDIS_URL
MEDIA_ROOT = Path(ENV.MEDIA_ROOT)
DATA_UPLOAD_MAX_MEMORY_SIZE = 2_500_000
MAX_UPLOAD_BYTES = int(ENV.MAX_UPLOAD_MEGABYTES * 1024 * 1024)

# Language and time
LANGUAGE_CODE = "en-gb"
TIME_ZONE = ENV.TIME_ZONE
USE_I18N = False
USE_TZ = True

# Static files
STATIC_URL = "/static/"
STATIC_ROOT = Path(ENV.STATIC_ROOT)
STATICFILES_DIRS = [BASE_DIR / "static"]
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"},
}

# People
AUTH_USER_MODEL = "core.User"
AUTHENTICATION_BACKENDS = [
    "django.contrib.auth.backends.ModelBackend",
    "allauth.account.auth_backends.AuthenticationBackend",
]
PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.Argon2PasswordHasher",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in ("UserAttributeSimilarityValidator", "MinimumLengthValidator", "CommonPasswordValidator")
]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "pages:home"
LOGOUT_REDIRECT_URL = "account_login"
ACCOUNT_ADAPTER = "coe_portal.core.accounts.AccountAdapter"
ACCOUNT_PAGES = ("login", "change_password", "set_password", "reset_password", "reset_password_from_key")
ACCOUNT_FORMS = {page: f"coe_portal.core.sign_in_forms.{page.title().replace('_', '')}" for page in ACCOUNT_PAGES}
SOCIALACCOUNT_ADAPTER = "coe_portal.core.accounts.SocialAccountAdapter"
ACCOUNT_LOGIN_METHODS = {"username"}
ACCOUNT_SIGNUP_FIELDS = ["username*", "password1*"]
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_SESSION_REMEMBER = True
ACCOUNT_RATE_LIMITS = {"login_failed": "10/m/ip,5/5m/key"}
SOCIALACCOUNT_ONLY = False
SOCIALACCOUNT_PROVIDERS = (
    {
        "openid_connect": {
            "OAUTH_PKCE_ENABLED": True,
            "APPS": [
                {
                    "provider_id": "sso",
                    "name": ENV.OIDC_NAME,
                    "client_id": ENV.OIDC_CLIENT_ID,
                    "secret": ENV.OIDC_CLIENT_SECRET,
                    "settings": {"server_url": ENV.OIDC_SERVER_URL},
                }
            ],
        }
    }
    if ENV.OIDC_SERVER_URL
    else {}
)
MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
MFA_TOTP_ISSUER = PRODUCT_NAME

# Security
SECURE_TLS = not ENV.INSECURE_HTTP
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = SECURE_SSL_REDIRECT = SECURE_TLS
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
SECURE_HSTS_SECONDS = 31_536_000 if SECURE_TLS else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = SECURE_TLS
SECURE_REFERRER_POLICY = "same-origin"
SESSION_ENGINE = "django.contrib.sessions.backends.db"  # a lost Redis signs nobody out
SESSION_COOKIE_AGE = 14 * 24 * 3600
X_FRAME_OPTIONS = "DENY"
MESSAGE_STORAGE = "django.contrib.messages.storage.session.SessionStorage"
SECURE_CSP = {
    "default-src": [CSP.SELF],
    "script-src": [CSP.SELF],
    "style-src": [CSP.SELF],
    "img-src": [CSP.SELF, "data:"],
    "object-src": [CSP.NONE],
    "base-uri": [CSP.SELF],
    "form-action": [CSP.SELF],
    "frame-ancestors": [CSP.NONE],
}

# Mail
MAILERS = {"default": connections.mail(ENV.EMAIL_URL)}
DEFAULT_FROM_EMAIL = ENV.MAIL_FROM

# API
REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "coe_portal.core.api.auth.TokenAuthentication",
        "coe_portal.core.api.auth.BrowserSessionAuthentication",
    ],
    "DEFAULT_PERMISSION_CLASSES": ["coe_portal.core.api.auth.HasScope"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["coe_portal.core.api.parsers.StrictJSONParser"],
    "DEFAULT_FILTER_BACKENDS": ["coe_portal.core.api.filters.StrictFilterBackend"],
    "DEFAULT_PAGINATION_CLASS": "coe_portal.core.api.pagination.KeysetPagination",
    "DEFAULT_SCHEMA_CLASS": "coe_portal.core.api.schema.PortalSchema",
    "DEFAULT_THROTTLE_CLASSES": ["coe_portal.core.api.throttling.PerCallerThrottle"],
    "DEFAULT_THROTTLE_RATES": {"caller": "20000/min"},
    "EXCEPTION_HANDLER": "coe_portal.core.api.exceptions.problem_handler",
    "PAGE_SIZE": 50,
    "URL_FORMAT_OVERRIDE": None,
    "COERCE_DECIMAL_TO_STRING": True,
}
SPECTACULAR_SETTINGS = {
    "TITLE": "CoE Portal API",
    "DESCRIPTION": "From proof of concept to production: the same services, rules and refusals that people get.",
    "VERSION": "1",
    "OAS_VERSION": "3.1.0",
    "SERVE_INCLUDE_SCHEMA": False,
    "SERVE_PERMISSIONS": ["rest_framework.permissions.IsAuthenticated"],
    "SCHEMA_PATH_PREFIX": r"/api/v1",
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
    "REDOC_DIST": "SIDECAR",
    "COMPONENT_SPLIT_REQUEST": True,
    "ENUM_ADD_EXPLICIT_BLANK_NULL_CHOICE": False,
    "ENUM_NAME_OVERRIDES": {
        "ApprovalStateEnum": "governance.models.ApprovalState",
        "ApprovalStepStateEnum": "governance.models.StepState",
        "RunStateEnum": "deployments.models.RunState",
        "PolicyStatusEnum": "governance.models.PolicyStatus",
        "CriterionStatusEnum": "projects.models.CriterionStatus",
        "ApprovalVerdictEnum": "governance.models.Verdict",
        "EvidenceKindEnum": "projects.models.EvidenceKind",
        "LessonKindEnum": "projects.models.LessonKind",
        "ResponsibilityKindEnum": "projects.models.ResponsibilityKind",
        "UserKindEnum": "coe_portal.core.models.UserKind",
        "EnvironmentKindEnum": "deployments.models.environments.EnvironmentKind",
    },
    "POSTPROCESSING_HOOKS": [
        "drf_spectacular.hooks.postprocess_schema_enums",
        "coe_portal.core.api.schema.add_problem_responses",
    ],
}

# Work in the background
CELERY_BROKER_URL = ENV.REDIS_URL
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BROKER_TRANSPORT_OPTIONS = {
    "visibility_timeout": 300,
    "socket_connect_timeout": 1,
    "socket_timeout": 30,
    "socket_keepalive": True,
    "global_keyprefix": "coe:",
}
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_TASK_TIME_LIMIT = 120
CELERY_TASK_SOFT_TIME_LIMIT = 100
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_WORKER_CANCEL_LONG_RUNNING_TASKS_ON_CONNECTION_LOSS = True
CELERY_TIMEZONE = "UTC"
CELERY_BEAT_SCHEDULE = SCHEDULE

# AWS: what the portal asks for, per account and region, in calls a second
AWS_RATES = {
    "create": ENV.AWS_CREATE_RATE,
    "describe": ENV.AWS_DESCRIBE_RATE,
    "search": ENV.AWS_SEARCH_RATE,
    "list": ENV.AWS_LIST_RATE,
    "stop": ENV.AWS_STOP_RATE,
}

# Logs
LOGGING = logging_config(ENV.LOG_FORMAT, ENV.LOG_LEVEL)
LOGGING_CONFIG = "logging.config.dictConfig"
