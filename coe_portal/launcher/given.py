"""The servers that DATABASE_URL and REDIS_URL name: asked once, so that a wrong address is one sentence."""

from urllib.parse import urlsplit

from coe_portal.launcher.trouble import Trouble

OLDEST_POSTGRESQL = 15


def check_database(url: str) -> None:
    """Raises Trouble when no PostgreSQL that the portal can use answers there."""
    import psycopg2  # only here, so that every other command of the launcher starts without it

    _check_form("DATABASE_URL", url, ("postgres", "postgresql"), "postgres://user:password@host:5432/name")
    if not urlsplit(url).path.strip("/"):
        raise Trouble(f"DATABASE_URL ({_shown(url)}) names no database. It looks like postgres://host:5432/name.")
    try:
        connection = psycopg2.connect(url, connect_timeout=5)
    except (psycopg2.Error, UnicodeDecodeError) as error:
        raise Trouble(
            f"DATABASE_URL ({_shown(url)}) does not lead to a PostgreSQL database: {_line(error)}. "
            "Correct it, or unset it to use the embedded PostgreSQL."
        ) from None
    version = connection.server_version // 10_000
    connection.close()
    if version < OLDEST_POSTGRESQL:
        raise Trouble(f"DATABASE_URL leads to PostgreSQL {version}; the portal needs {OLDEST_POSTGRESQL} or newer.")


def is_empty(url: str) -> bool:
    """Whether nothing was ever set up in this database."""
    import psycopg2

    connection = psycopg2.connect(url, connect_timeout=5)
    with connection.cursor() as cursor:
        cursor.execute("SELECT to_regclass('django_migrations') IS NULL")
        row = cursor.fetchone()
    connection.close()
    return bool(row and row[0])


def check_redis(url: str) -> None:
    """Raises Trouble when no Redis or Valkey answers there."""
    import redis

    _check_form("REDIS_URL", url, ("redis", "rediss", "unix"), "redis://host:6379/0")
    try:
        client = redis.Redis.from_url(url, socket_connect_timeout=5, socket_timeout=5)
        client.ping()
        client.close()
    except (redis.RedisError, ValueError, OSError) as error:
        raise Trouble(
            f"REDIS_URL ({_shown(url)}) does not lead to a Redis or Valkey server: {_line(error)}. "
            "Correct it, or unset it to use the embedded Valkey."
        ) from None


def _check_form(name: str, url: str, schemes: tuple[str, ...], example: str) -> None:
    try:
        parts = urlsplit(url)
        sound = parts.scheme in schemes and (parts.port is None or parts.port > 0)
    except ValueError:
        sound = False
    if not sound:
        raise Trouble(f"{name} ({_shown(url)}) is not an address of the form {example}.")


def _shown(url: str) -> str:
    """The address without its password."""
    before, at, after = url.rpartition("@")
    scheme, _, user = before.rpartition("://")
    return f"{scheme}://{user.split(':')[0]}@{after}" if at and scheme else url


def _line(error: Exception) -> str:
    told = " ".join(str(error).split())
    return told.rstrip(".") or type(error).__name__
