"""Settings every environment shares. What differs comes from the environment, read in `config.environment`."""

from __future__ import annotations

from pathlib import Path

from config.environment import Environment
from kernel.tenancy.postgresql.base import reset_connection

ENVIRONMENT = Environment.read()

BASE_DIR = Path(__file__).resolve().parents[3]

SECRET_KEY = ENVIRONMENT.secret_key
DEBUG = False
ALLOWED_HOSTS = ENVIRONMENT.allowed_hosts
PUBLIC_URL = ENVIRONMENT.public_url
SOCKET_URL = ENVIRONMENT.socket_url
CSRF_TRUSTED_ORIGINS = [PUBLIC_URL]
ROOT_URLCONF = "config.urls"
WSGI_APPLICATION = "config.wsgi.application"
ASGI_APPLICATION = "config.asgi.application"
USE_TZ = True
TIME_ZONE = "UTC"
LANGUAGE_CODE = "en"
APPEND_SLASH = False
DATA_UPLOAD_MAX_MEMORY_SIZE = None  # sizes are limited where the bytes are read: instances may be large
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

INSTALLED_APPS = [
    "django.contrib.contenttypes",
    "django.contrib.auth",
    "django.contrib.sessions",
    "django.contrib.staticfiles",
    "guardian",
    "rest_framework",
    "drf_spectacular",
    "channels",
    "mozilla_django_oidc",
    "csp",
    "kernel",
    "config",
    "apps.tenants",
    "apps.audit",
    "apps.projects",
    "apps.terminology",
    "apps.studies",
    "apps.intake",
    "apps.annotations",
    "apps.tasks",
    "apps.review",
    "apps.datasets",
    "apps.exports",
]
INSTALLED_APPS = [
    name
    for name in INSTALLED_APPS
    if not name.startswith("apps.") or (BASE_DIR / name.replace(".", "/") / "apps.py").exists()
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "csp.middleware.CSPMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "kernel.logs.RequestLogMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "apps.tenants.middleware.TenantMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
]

TEMPLATES: list[dict[str, object]] = []

# One database under three roles. The application is `default`: it owns nothing and passes no policy.
_POOL = {"min_size": 1, "max_size": 12, "timeout": 30, "reset": reset_connection}
DATABASES = {
    "default": ENVIRONMENT.database("default", pool=_POOL),
    "owner": ENVIRONMENT.database("owner"),
    "system": ENVIRONMENT.database("system"),
}

AUTH_USER_MODEL = "tenants.User"
AUTHENTICATION_BACKENDS = [
    "django.contrib.auth.backends.ModelBackend",
    "guardian.backends.ObjectPermissionBackend",
    "apps.tenants.services.oidc.TenantOidcBackend",
]
AUTH_PASSWORD_VALIDATORS = [
    {
        "NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator",
        "OPTIONS": {"user_attributes": ["email", "name"]},
    },
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 12}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
PASSWORD_HASHERS = ["django.contrib.auth.hashers.Argon2PasswordHasher"]
ANONYMOUS_USER_NAME = None

SESSION_ENGINE = "apps.tenants.sessions"
SESSION_COOKIE_NAME = "fiducial_session"
SESSION_COOKIE_AGE = 12 * 3600
SESSION_IDLE_TIMEOUT_S = 30 * 60
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
CSRF_COOKIE_SAMESITE = "Lax"

REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": ["kernel.api.authentication.ActorAuthentication"],
    "DEFAULT_PERMISSION_CLASSES": ["kernel.api.permissions.InTenant"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["rest_framework.parsers.JSONParser"],
    "EXCEPTION_HANDLER": "kernel.api.problems.exception_handler",
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
    "UNAUTHENTICATED_USER": "django.contrib.auth.models.AnonymousUser",
    "DATETIME_FORMAT": "%Y-%m-%dT%H:%M:%S.%fZ",
}
SPECTACULAR_SETTINGS = {
    "TITLE": "Fiducial",
    "VERSION": "1",
    "DESCRIPTION": "Medical image labels that can be trusted. Every path is taken inside a tenant: prefix it with /t/{tenant}, "
    "or send an API token, which belongs to one.",
    "SERVE_INCLUDE_SCHEMA": False,
    "COMPONENT_SPLIT_REQUEST": True,
    "ENUM_NAME_OVERRIDES": {
        "TenantRoleEnum": "apps.tenants.constants.TenantRole",
        "ProjectRoleEnum": "apps.projects.constants.ProjectRole",
        "ProjectStateEnum": "apps.projects.constants.ProjectState",
        "ReleaseStateEnum": "apps.datasets.constants.ReleaseState",
        "ExportStateEnum": "apps.exports.constants.ExportState",
        "ReviewDecisionEnum": "apps.review.constants.Decision",
        "HoldDecisionEnum": ["admit", "reject"],
        "JobStateEnum": "kernel.jobs.models.JobState",
        "CaseStateEnum": ["waiting", "reading", "discordant", "adjudicating", "settled", "flagged"],
    },
    "SCHEMA_PATH_PREFIX": "/api/v1",
    "PREPROCESSING_HOOKS": ["drf_spectacular.hooks.preprocess_exclude_path_format"],
    "POSTPROCESSING_HOOKS": [
        "drf_spectacular.hooks.postprocess_schema_enums",
        "kernel.api.schemas.add_problems",
    ],
}

STATIC_URL = "/static/"
STATIC_ROOT = BASE_DIR / ".fiducial" / "static"
FRONTEND_DIST = BASE_DIR / "frontend" / "dist"
STATICFILES_DIRS = [("app", FRONTEND_DIST)] if FRONTEND_DIST.exists() else []
WHITENOISE_USE_FINDERS = True
WHITENOISE_MAX_AGE = 3600

CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": ["'self'"],
        "script-src": ["'self'", "'wasm-unsafe-eval'"],
        "style-src": ["'self'", "'unsafe-inline'"],
        "img-src": ["'self'", "data:", "blob:"],
        "font-src": ["'self'", "data:"],
        "worker-src": ["'self'", "blob:"],
        "connect-src": ["'self'", "blob:", "data:", SOCKET_URL.replace("http", "ws", 1)],
        "frame-ancestors": ["'none'"],
        "base-uri": ["'self'"],
        "form-action": ["'self'"],
        "object-src": ["'none'"],
    }
}
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"

CELERY_BROKER_URL = ENVIRONMENT.broker_url
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_SERIALIZER = "json"
CELERY_ACCEPT_CONTENT = ["json"]
CELERY_TASK_DEFAULT_QUEUE = "default"
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BEAT_SCHEDULE = {
    "reap-jobs": {"task": "kernel.jobs.reap", "schedule": 5.0},
    "sweep-blobs": {"task": "kernel.blobs.sweep_all", "schedule": 24 * 3600.0},
    "seal-audit": {"task": "audit.seal", "schedule": 2.0},
    "expire-leases": {"task": "tasks.expire_leases", "schedule": 30.0},
}

CHANNEL_LAYERS = {
    "default": {
        "BACKEND": "channels_redis.pubsub.RedisPubSubChannelLayer",
        "CONFIG": {"hosts": [ENVIRONMENT.redis_url]},
    }
}

STORAGE_URL = ENVIRONMENT.storage_url
ROOT_KEY_FILE = ENVIRONMENT.root_key_file
AUDIT_SIGNING_KEY_FILE = ENVIRONMENT.audit_signing_key_file
AUDIT_ANCHOR_DIR = ENVIRONMENT.audit_anchor_dir

LOGGING_CONFIG = "kernel.logs.configure"
LOGGING = {"json": True}
