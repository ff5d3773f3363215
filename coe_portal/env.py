"""Every environment variable of the portal: typed, read once, refused with a sentence when wrong.

Nothing else in the portal reads the environment. ``.env.example`` lists the same names; a test compares the two.
"""

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError


class EnvError(SystemExit):
    """The environment is not usable. The message names every variable that is wrong and what it should hold."""


def _text(raw: str) -> str:
    return raw


def _flag(raw: str) -> bool:
    words = {"1": True, "true": True, "yes": True, "on": True, "0": False, "false": False, "no": False, "off": False}
    if raw.lower() not in words:
        raise ValueError("must be true or false")
    return words[raw.lower()]


def _number(raw: str) -> float:
    try:
        value = float(raw)
    except ValueError:
        raise ValueError("must be a number") from None
    if not 0 < value < 1_000_000:
        raise ValueError("must be greater than 0")
    return value


def _words(raw: str) -> tuple[str, ...]:
    return tuple(word.strip() for word in raw.split(",") if word.strip())


def _hosts(raw: str) -> tuple[str, ...]:
    for host in _words(raw):
        if host == "*":
            raise ValueError("must name the hosts; * lets anybody choose the address in the portal's links")
        if "/" in host or " " in host:
            raise ValueError(f"must hold host names such as coe.example.org, not “{host}”")
    return _words(raw)


def _origins(raw: str) -> tuple[str, ...]:
    for origin in _words(raw):
        _url("https", "http")(origin)
    return _words(raw)


def _secret(raw: str) -> str:
    if len(raw) < 50 or len(set(raw)) < 5:
        raise ValueError(
            'needs at least 50 random characters; make them with: python -c "import secrets; '
            'print(secrets.token_urlsafe(50))"'
        )
    return raw


def _url(*schemes: str, path: bool = False) -> Any:
    """An address with one of the schemes, a number as its port and, with ``path``, something behind the host."""
    wanted = f"must be a URL that starts with {' or '.join(f'{scheme}://' for scheme in schemes)}"

    def parse(raw: str) -> str:
        try:
            parts = urlsplit(raw)
            port = parts.port
        except ValueError:
            raise ValueError(f"{wanted} and has a number as its port") from None
        if parts.scheme not in schemes or port == 0:
            raise ValueError(wanted)
        if path and not parts.path.strip("/"):
            raise ValueError(f"{wanted} and names a database: {schemes[0]}://user:password@host:5432/name")
        return raw

    return parse


def _mail_server(raw: str) -> str:
    if _url("console", "smtp", "smtps")(raw) != "console://" and not urlsplit(raw).hostname:
        raise ValueError("must be console:// or smtp://user:password@host:587")
    return raw


def _like(pattern: str, example: str) -> Any:
    def parse(raw: str) -> str:
        if not re.fullmatch(pattern, raw):
            raise ValueError(f"must look like {example}")
        return raw

    return parse


def _time_zone(raw: str) -> str:
    try:
        ZoneInfo(raw)
    except (ValueError, OSError, ZoneInfoNotFoundError):
        raise ValueError("must be the name of a time zone such as Europe/London or UTC") from None
    return raw


def _choice(*words: str) -> Any:
    def parse(raw: str) -> str:
        if raw not in words:
            raise ValueError(f"must be one of: {', '.join(words)}")
        return raw

    return parse


_REQUIRED: Any = object()


def _var(parse: Any = _text, *, default: Any = _REQUIRED, about: str) -> Any:
    metadata = {"parse": parse, "required": default is _REQUIRED, "about": about}
    return field(metadata=metadata) if default is _REQUIRED else field(default=default, metadata=metadata)


@dataclass(frozen=True, kw_only=True)
class Env:
    """The portal's settings as the operator gives them. Each attribute is the variable of the same name."""

    SECRET_KEY: str = _var(_secret, about="signs sessions and links; at least 50 random characters")
    DATABASE_URL: str = _var(_url("postgres", "postgresql", path=True), about="PostgreSQL 15 or newer")
    REDIS_URL: str = _var(_url("redis", "rediss", "unix"), about="Redis or Valkey: broker, cache, rate limits")
    ALLOWED_HOSTS: tuple[str, ...] = _var(_hosts, about="host names the portal answers to, comma separated")
    CSRF_TRUSTED_ORIGINS: tuple[str, ...] = _var(_origins, default=(), about="origins such as https://coe.example.org")
    BASE_URL: str = _var(
        _url("http", "https"), default="http://127.0.0.1:8000", about="where people reach the portal; used in links"
    )
    DEBUG: bool = _var(_flag, default=False, about="Django's debug pages; never in production")
    INSECURE_HTTP: bool = _var(_flag, default=False, about="true only on a laptop: cookies and links work without TLS")
    ORGANISATION_NAME: str = _var(default="Your organisation", about="shown beside the product's name")
    TIME_ZONE: str = _var(_time_zone, default="Europe/London", about="time zone of pages; times are stored in UTC")
    EMAIL_URL: str = _var(_mail_server, default="console://", about="console:// or smtp://user:password@host:587")
    MAIL_FROM: str = _var(
        _like(r"[^@]*[^@\s]@[^@\s]+", "coe@example.org"),
        default="coe-portal@localhost",
        about="sender of the portal's mail",
    )
    LOG_FORMAT: str = _var(_choice("json", "console"), default="json", about="json or console")
    LOG_LEVEL: str = _var(_choice("DEBUG", "INFO", "WARNING", "ERROR"), default="INFO", about="log level")
    STATIC_ROOT: str = _var(default="staticfiles", about="where collectstatic puts files")
    MEDIA_ROOT: str = _var(default="var/media", about="where uploaded evidence is kept")
    MAX_UPLOAD_MEGABYTES: float = _var(_number, default=25.0, about="largest file that can be evidence, in megabytes")
    DEMO_PASSWORD: str = _var(default="", about="password of the demo people; only the laptop sets it")
    LOCAL_AWS_URL: str = _var(
        _url("http", "https"),
        default="",
        about="the laptop's own AWS; empty everywhere else. Only seeds the environment named local",
    )
    COE_EXTERNAL_BUCKET: str = _var(
        _like(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]", "my-bucket"),
        default="",
        about="with AWS=external: bucket of the environment named external",
    )
    COE_EXTERNAL_EXECUTION_ROLE_ARN: str = _var(
        _like(r"arn:aws[a-z-]*:iam::\d{12}:role/[\w+=,.@/-]+", "arn:aws:iam::123456789012:role/coe-training"),
        default="",
        about="with AWS=external: SageMaker's execution role",
    )
    COE_EXTERNAL_QUEUE_URL: str = _var(
        _url("http", "https"), default="", about="with AWS=external: queue that receives SageMaker's events"
    )
    COE_EXTERNAL_REGION: str = _var(
        _like(r"[a-z]{2,3}(-[a-z]+)+-\d", "eu-west-1"),
        default="",
        about="with AWS=external: region; empty takes the queue's",
    )
    AWS_DEFAULT_REGION: str = _var(default="", about="boto3's region; the environment external falls back to it")
    AWS_CREATE_RATE: float = _var(_number, default=2.0, about="Create calls a second, per account and region")
    AWS_DESCRIBE_RATE: float = _var(_number, default=5.0, about="Describe calls a second, per account and region")
    AWS_SEARCH_RATE: float = _var(_number, default=1.0, about="Search calls a second, per account and region")
    AWS_LIST_RATE: float = _var(_number, default=1.0, about="List calls a second, per account and region")
    AWS_STOP_RATE: float = _var(_number, default=2.0, about="Stop calls a second, per account and region")
    OIDC_SERVER_URL: str = _var(
        _url("https", "http"),
        default="",
        about="single sign-on: the provider's .well-known base; empty switches it off",
    )
    OIDC_CLIENT_ID: str = _var(default="", about="single sign-on: client id")
    OIDC_CLIENT_SECRET: str = _var(default="", about="single sign-on: client secret")
    OIDC_NAME: str = _var(default="Single sign-on", about="single sign-on: text of the button")


# What is given whole or not at all.
TOGETHER = (
    ("COE_EXTERNAL_BUCKET", "COE_EXTERNAL_EXECUTION_ROLE_ARN", "COE_EXTERNAL_QUEUE_URL"),
    ("OIDC_SERVER_URL", "OIDC_CLIENT_ID", "OIDC_CLIENT_SECRET"),
)


def read(environ: Mapping[str, str] | None = None) -> Env:
    """Parse the environment.

    Raises:
        EnvError: one or more variables are missing or malformed; the message lists all of them.
    """
    source = os.environ if environ is None else environ
    values: dict[str, Any] = {}
    wrong: list[str] = []
    for variable in fields(Env):
        raw = source.get(variable.name, "")
        if not raw:
            if variable.metadata["required"]:
                wrong.append(f"{variable.name} is missing: {variable.metadata['about']}.")
            continue
        try:
            values[variable.name] = variable.metadata["parse"](raw)
        except ValueError as error:
            wrong.append(f"{variable.name} {error}.")
    wrong += _halves(source)
    if wrong:
        raise EnvError("The portal cannot start, its environment is incomplete:\n  " + "\n  ".join(wrong))
    return Env(**values)


def _halves(source: Mapping[str, str]) -> list[str]:
    """A sentence for each variable that is missing although its companions are given."""
    told = []
    for group in TOGETHER:
        given = [name for name in group if source.get(name)]
        if given:
            told += [f"{name} is missing: it belongs to {given[0]}." for name in group if name not in given]
    return told
