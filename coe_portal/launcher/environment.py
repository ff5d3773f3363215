"""The environment that the laptop gives to every process of the portal."""

import os

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


def local_aws_environment(url: str) -> dict[str, str]:
    """Point boto3 to the local AWS. Credentials are dummies: the service does not check signatures."""
    rates = {f"AWS_{family}_RATE": "50" for family in ("CREATE", "DESCRIBE", "SEARCH", "LIST", "STOP")}
    return {
        "LOCAL_AWS_URL": url,
        "AWS_ENDPOINT_URL": url,
        "AWS_ACCESS_KEY_ID": "local",
        "AWS_SECRET_ACCESS_KEY": "local",
        "AWS_DEFAULT_REGION": "eu-west-1",
        "AWS_EC2_METADATA_DISABLED": "true",
        "NO_PROXY": ",".join(filter(None, [os.environ.get("NO_PROXY"), "127.0.0.1,localhost"])),
        **{name: value for name, value in rates.items() if not os.environ.get(name)},
    }
