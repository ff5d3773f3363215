"""Make the environment of the laptop's own AWS."""

from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core.management.base import BaseCommand

from deployments.services import environments

ACCOUNT = "000000000000"
REGION = "eu-west-1"
SKLEARN_IMAGE = "141502667606.dkr.ecr.eu-west-1.amazonaws.com/sagemaker-scikit-learn:1.4-2-cpu-py3"


class Command(BaseCommand):
    help = "Make or refresh the environment named local, which runs on the laptop's own AWS (LOCAL_AWS_URL)."

    def handle(self, *args: Any, **options: Any) -> None:
        url = settings.ENV.LOCAL_AWS_URL.rstrip("/")
        if not urlsplit(url).hostname:
            self.stdout.write("No local environment: LOCAL_AWS_URL is not set. On a laptop, ./portal up sets it.")
            return
        values = {
            "kind": "local",
            "account_id": ACCOUNT,
            "region": REGION,
            "execution_role_arn": f"arn:aws:iam::{ACCOUNT}:role/coe-local-training",
            "bucket": "coe-local",
            "event_queue_url": f"{url}/{ACCOUNT}/coe-portal-events",
            "images": {"sklearn": SKLEARN_IMAGE},
            "access": "all_projects",
        }
        environment = environments.ensure_environment(name="local", values=values)
        self.stdout.write(f"The environment {environment} is ready.")
