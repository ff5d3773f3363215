"""The environment that the laptop gives to every process of the portal."""

import os
from collections.abc import Mapping

from coe_portal.launcher.places import Places

DEMO_ORGANISATION = "Halden Group"


def portal_environment(places: Places, *, port: int) -> dict[str, str]:
    """What production's operator would set. Whatever the person has set already wins."""
    made = {
        "DJANGO_SETTINGS_MODULE": "coe_portal.settings",
        "SECRET_KEY": places.secret("run/secret-key"),
        "ALLOWED_HOSTS": "127.0.0.1,localhost,[::1]",
        "CSRF_TRUSTED_ORIGINS": f"http://127.0.0.1:{port},http://localhost:{port}",
        "BASE_URL": f"http://127.0.0.1:{port}",
        "INSECURE_HTTP": "true",
        "ORGANISATION_NAME": DEMO_ORGANISATION,
        "LOG_FORMAT": "console",
        "STATIC_ROOT": str(places.var / "static"),
        "MEDIA_ROOT": str(places.var / "media"),
        "DEMO_PASSWORD": places.secret("demo-password", 9),
    }
    return {name: value for name, value in made.items() if not os.environ.get(name)}


# What a person's own AWS set-up could change about the calls to the local AWS.
FOREIGN_AWS = frozenset(
    f"AWS_{name}"
    for name in (
        "PROFILE",
        "DEFAULT_PROFILE",
        "SESSION_TOKEN",
        "REGION",
        "CA_BUNDLE",
        "ROLE_ARN",
        "WEB_IDENTITY_TOKEN_FILE",
        "IGNORE_CONFIGURED_ENDPOINT_URLS",
    )
)


def without_foreign_aws(environment: Mapping[str, str]) -> dict[str, str]:
    """The environment without what would lead calls away from the local AWS."""
    return {
        name: value
        for name, value in environment.items()
        if name not in FOREIGN_AWS and not name.startswith("AWS_ENDPOINT_URL_")
    }


def local_aws_environment(url: str) -> dict[str, str]:
    """Point boto3 to the local AWS. Credentials are dummies: the service does not check signatures."""
    given = os.environ.get("no_proxy") or os.environ.get("NO_PROXY")
    direct = ",".join(filter(None, [given, "127.0.0.1,localhost"]))
    rates = {f"AWS_{family}_RATE": "50" for family in ("CREATE", "DESCRIBE", "SEARCH", "LIST", "STOP")}
    return {
        "LOCAL_AWS_URL": url,
        "AWS_ENDPOINT_URL": url,
        "AWS_ACCESS_KEY_ID": "local",
        "AWS_SECRET_ACCESS_KEY": "local",
        "AWS_DEFAULT_REGION": "eu-west-1",
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        "NO_PROXY": direct,
        "no_proxy": direct,
        **{name: value for name, value in rates.items() if not os.environ.get(name)},
    }
