"""Settings of the platform: one file, every value from the environment.

Rules for whoever adds a setting: read it through `cdp.env` under the name it has in the environment, put it into the
section it belongs to, say its unit in its name, and describe it in docs/settings.md (a test compares the two).
"""

from datetime import timedelta
from pathlib import Path

import django_stubs_ext
from csp.constants import NONE, SELF, UNSAFE_EVAL, UNSAFE_INLINE
from django.utils.translation import gettext_lazy as _
from redis.backoff import NoBackoff
from redis.exceptions import ConnectionError as RedisAway
from redis.retry import Retry

from apps.collector.api import openapi
from cdp import embedded, env, version
from cdp.admin_theme import UNFOLD as UNFOLD

django_stubs_ext.monkeypatch()

BASE_DIR = Path(__file__).resolve().parent.parent

# --- Core -------------------------------------------------------------------------------------------------------------
DEBUG = env.boolean("DEBUG", default=False)
SECRET_KEY = env.secret("SECRET_KEY", default=None) or env.embedded_secret_key()
ENCRYPTION_KEYS = env.secrets("ENCRYPTION_KEYS", default=None) or [env.embedded_secret_key()]  # the newest first
ALLOWED_HOSTS = env.listing("ALLOWED_HOSTS", default=["localhost", "127.0.0.1", "[::1]"])
CSRF_TRUSTED_ORIGINS = env.listing("CSRF_TRUSTED_ORIGINS", default=[])
ROOT_URLCONF = "cdp.urls"
WSGI_APPLICATION = "cdp.wsgi.application"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

INSTALLED_APPS = [
    "unfold.apps.BasicAppConfig",  # the other one would put a site of its own in place of ours
    "unfold.contrib.filters",
    "cdp.apps.AdminConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.humanize",
    "axes",
    "csp",
    "django_filters",
    "django_rq",
    "rest_framework",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    # From the lowest to the highest: what they declare is read in this order.
    "apps.core",
    "apps.profiles",
    "apps.sessions",
    "apps.events",
    "apps.bridges",
    "apps.segments",
    "apps.heartbeats",
    "apps.flows",
    "apps.collector",
    "apps.inbound",
    "apps.alerts",
    "apps.api",
    "apps.console",
]

MIDDLEWARE = [
    "apps.core.api.watching.watched",
    # It answers the collector's routes itself, before all that only pages need: a beacon has neither session nor user.
    "apps.collector.api.middleware.collector",
    "django.middleware.security.SecurityMiddleware",
    "csp.middleware.CSPMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    # Last: it answers in place of the sign-in form.
    "axes.middleware.AxesMiddleware",
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
            ],
        },
    },
]

# --- Database and Valkey/Redis ----------------------------------------------------------------------------------------
DATABASES = {"default": env.database("DATABASE_URL", default=embedded.database_url())}
REDIS_URL = env.url("REDIS_URL", default=embedded.redis_url())
CACHES = {
    "default": {
        "BACKEND": "django_redis.cache.RedisCache",
        "LOCATION": REDIS_URL,
        "OPTIONS": {
            "SOCKET_CONNECT_TIMEOUT": 2,
            "SOCKET_TIMEOUT": 2,
            # Once, as Valkey may have closed what waits in the pool; the default holds pages for 26 seconds.
            "CONNECTION_POOL_KWARGS": {"retry": Retry(NoBackoff(), 1, supported_errors=(RedisAway,))},
        },
    },
}
RQ_QUEUES: dict[str, dict[str, object]] = {}  # apps/core/queues.py puts those in that the apps declare
RQ = {"COMMIT_MODE": "on_db_commit", "JOB_CLASS": "rq.job.Job", "WORKER_CLASS": "apps.console.worker.Watched"}

# --- Users and sign-in ------------------------------------------------------------------------------------------------
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in (
        "UserAttributeSimilarityValidator",
        "MinimumLengthValidator",
        "CommonPasswordValidator",
        "NumericPasswordValidator",
    )
]
AUTHENTICATION_BACKENDS = ["axes.backends.AxesStandaloneBackend", "django.contrib.auth.backends.ModelBackend"]
# Wrong passwords from one address, or for one name from it: a stranger must not be able to lock somebody else out.
AXES_LOCKOUT_PARAMETERS = ["ip_address", ["username", "ip_address"]]
AXES_FAILURE_LIMIT = env.integer("SIGN_IN_FAILURES", default=10, least=1)
AXES_COOLOFF_TIME = timedelta(seconds=env.integer("SIGN_IN_PAUSE_SECS", default=900, least=1))
AXES_RESET_ON_SUCCESS = True
AXES_RESET_COOL_OFF_ON_FAILURE_DURING_LOCKOUT = False  # nothing is counted, nor written, meanwhile
AXES_CLIENT_IP_CALLABLE = "apps.core.clients.client_ip"
AXES_LOCKOUT_TEMPLATE = "admin/locked_out.html"
AXES_ENABLE_ADMIN = False  # the audit log has all sign-ins, see apps/core/sign_ins.py
AXES_DISABLE_ACCESS_LOG = True
AXES_VERBOSE = False
SESSION_COOKIE_NAME = "cdp_admin_session"
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = env.boolean("SECURE_COOKIES", default=False)
SECURE_SSL_REDIRECT = env.boolean("SECURE_SSL_REDIRECT", default=False)
SECURE_HSTS_SECONDS = env.integer("SECURE_HSTS_SECONDS", default=0)
X_FRAME_OPTIONS = "DENY"
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [SELF],
        "script-src": [SELF, UNSAFE_EVAL],  # Alpine, which the admin's theme is made with, evaluates its attributes
        "style-src": [SELF, UNSAFE_INLINE],  # heights of bars, widths of columns
        "img-src": [SELF, "data:"],
        "object-src": [NONE],
        "base-uri": [NONE],
        "form-action": [SELF],
        "frame-ancestors": [NONE],
    }
}
LOGIN_URL = "admin:login"
LOGIN_REDIRECT_URL = "admin:index"

# --- Language and time ------------------------------------------------------------------------------------------------
LANGUAGE_CODE = "en"
TIME_ZONE = env.text("TIME_ZONE", default="UTC")
USE_I18N = True
FORMAT_MODULE_PATH = "cdp.formats"
USE_TZ = True

# --- Static files -----------------------------------------------------------------------------------------------------
STATIC_URL = "/static/"
STATIC_ROOT = embedded.var_dir() / "static"
STATICFILES_DIRS = [BASE_DIR / "static"]
WHITENOISE_IMMUTABLE_FILE_TEST = r"/editor/assets/"  # their names have hashes
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedStaticFilesStorage"},
}

# --- API --------------------------------------------------------------------------------------------------------------
REST_FRAMEWORK = {
    # Deny by default: a view that is open to the world says so itself.
    "DEFAULT_AUTHENTICATION_CLASSES": ["rest_framework.authentication.SessionAuthentication"],
    "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.IsAdminUser"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
    "EXCEPTION_HANDLER": "apps.core.api.errors.handle",
}
SPECTACULAR_SETTINGS = {
    "TITLE": _("Customer data platform"),
    "DESCRIPTION": _(
        "Collect events, from browsers, servers, webhooks and tracked links; read, change, export and erase people."
    ),
    "VERSION": version.VERSION,
    "SERVE_PERMISSIONS": ["rest_framework.permissions.AllowAny"],
    "SERVE_INCLUDE_SCHEMA": False,
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
    "REDOC_DIST": "SIDECAR",
    "COMPONENT_SPLIT_REQUEST": True,
    # Others have kinds and states, too.
    "ENUM_NAME_OVERRIDES": {
        "BridgeConsumerStateEnum": "apps.inbound.models.Consumer.State",
        "FlowKindEnum": "apps.flows.models.Flow.Kind",
        "FlowStateEnum": "apps.flows.models.Flow.State",
        "TaskStateEnum": "apps.core.models.Task.State",
    },
    "APPEND_COMPONENTS": {"securitySchemes": openapi.SECURITY_SCHEMES},
    "POSTPROCESSING_HOOKS": [
        "drf_spectacular.hooks.postprocess_schema_enums",
        "apps.collector.api.openapi.complete",
    ],
}

# --- Collector: limits on what comes in -------------------------------------------------------------------------------
MAX_BODY_BYTES = env.integer("MAX_BODY_BYTES", default=2_000_000, least=1)
MAX_EVENT_BYTES = env.integer("MAX_EVENT_BYTES", default=128_000, least=1)
MAX_EVENTS_PER_REQUEST = env.integer("MAX_EVENTS_PER_REQUEST", default=2_500, least=1)
MAX_DEPTH = env.integer("MAX_DEPTH", default=40, least=1)
DATA_UPLOAD_MAX_MEMORY_SIZE = MAX_BODY_BYTES
MIN_EVENT_DATE = env.day("MIN_EVENT_DATE", default="1990-01-01")
# How far ahead of ours a sender's clock may be; an event from further ahead is refused, a nearer one happened 'now'.
MAX_FUTURE = timedelta(seconds=env.integer("MAX_FUTURE_SECS", default=86_400))
TRUSTED_PROXIES = env.integer("TRUSTED_PROXIES", default=0)
# Whoever ends TLS in front of us says so: without proxies nobody is believed.
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if TRUSTED_PROXIES else None
GEOIP_DATABASE = env.text("GEOIP_DATABASE", default="")

# --- Identity, visits, storage ----------------------------------------------------------------------------------------
IDENTITY_KEY = env.secret("IDENTITY_KEY", default=None) or env.embedded_secret_key()
DEFAULT_REGION = env.text("DEFAULT_REGION", default="")  # whose national phone numbers are understood, such as DE
MAX_IDENTIFIERS_PER_PROFILE = env.integer("MAX_IDENTIFIERS_PER_PROFILE", default=100)
MAX_CUSTOMERS_PER_IDENTIFIER = env.integer("MAX_CUSTOMERS_PER_IDENTIFIER", default=3, least=1)
MAX_TRAITS_PER_PROFILE = env.integer("MAX_TRAITS_PER_PROFILE", default=2_000)
MAX_PROFILE_BYTES = env.integer("MAX_PROFILE_BYTES", default=256_000)
MAX_SESSION_BYTES = env.integer("MAX_SESSION_BYTES", default=64_000)
MAX_MERGES_PER_IDENTIFIER = env.integer("MAX_MERGES_PER_IDENTIFIER", default=20)
VISIT_TIMEOUT = timedelta(seconds=env.integer("VISIT_TIMEOUT_SECS", default=1_800, least=1))
PARTITIONS_AHEAD_MONTHS = env.integer("PARTITIONS_AHEAD_MONTHS", default=3)
EVENT_RETENTION_MONTHS = env.integer("EVENT_RETENTION_MONTHS", default=0)  # 0 keeps events for ever
MESSAGE_KEY_RETENTION_DAYS = env.integer("MESSAGE_KEY_RETENTION_DAYS", default=0)  # 0 remembers for ever
BRIDGES_INBOX_LIMIT = env.integer("BRIDGES_INBOX_LIMIT", default=20_000, least=100)  # bridges wait beyond
BRIDGE_DEAD_LETTER_RETENTION_DAYS = env.integer(
    "BRIDGE_DEAD_LETTER_RETENTION_DAYS", default=90
)  # 0 keeps them for ever
REFUSED_RETENTION_DAYS = env.integer("REFUSED_RETENTION_DAYS", default=30)
FLOW_RUN_RETENTION_DAYS = env.integer("FLOW_RUN_RETENTION_DAYS", default=90)  # 0 keeps them for ever
FLOW_STEP_RETENTION_DAYS = env.integer("FLOW_STEP_RETENTION_DAYS", default=30)  # likewise
DELIVERY_RETENTION_DAYS = env.integer("DELIVERY_RETENTION_DAYS", default=30)  # 0 keeps them for ever
BACKFILL_UNDO_DAYS = env.integer("BACKFILL_UNDO_DAYS", default=30)  # so long a back-fill can be undone
QUARANTINE_RETENTION_DAYS = env.integer("QUARANTINE_RETENTION_DAYS", default=90)  # 0 keeps them for ever
# Names of properties, besides those in profiles/anonymity.py, whose texts tell of nobody.
HARMLESS_PROPERTIES = env.listing("HARMLESS_PROPERTIES", default=[])
INGEST_BATCH = env.integer("INGEST_BATCH", default=500, least=1)

# --- Metrics ----------------------------------------------------------------------------------------------------------
METRICS_BIND = env.listening("METRICS_BIND", default="127.0.0.1:9464")  # empty: nobody may ask
METRICS_DIR = env.text("METRICS_DIR", default=str(embedded.var_dir() / "metrics"))

# --- To the outside ---------------------------------------------------------------------------------------------------
# Private networks into which requests of ours may go, as to a webhook of the same house: see apps/core/egress.py.
EGRESS_ALLOWED_NETWORKS = env.networks("EGRESS_ALLOWED_NETWORKS", default=[])
# Folders below which bridges may read files; none: bridges read no files of this machine.
INBOUND_FOLDERS = env.folders("INBOUND_FOLDERS", default=[])
# Under which address people reach the admin, for links in what is sent to them.
PUBLIC_URL = env.url("PUBLIC_URL", default="")
MAIL_SERVER = env.mail_server("EMAIL_URL", default="")
EMAIL_HOST, EMAIL_PORT = MAIL_SERVER.host, MAIL_SERVER.port
EMAIL_HOST_USER, EMAIL_HOST_PASSWORD = MAIL_SERVER.user, MAIL_SERVER.password
EMAIL_USE_TLS, EMAIL_USE_SSL = MAIL_SERVER.starts_tls, MAIL_SERVER.is_tls
EMAIL_TIMEOUT = 10
DEFAULT_FROM_EMAIL = SERVER_EMAIL = env.text("EMAIL_FROM", default="cdp@localhost")

# --- Logs -------------------------------------------------------------------------------------------------------------
LOG_LEVEL = env.choice("LOG_LEVEL", default="INFO", choices=["DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL"])
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"json": {"()": "cdp.logging.JsonFormatter"}},
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "json"}},
    "root": {"handlers": ["console"], "level": LOG_LEVEL},
    "loggers": {"axes": {"level": "CRITICAL"}},  # it logs names and addresses
}
