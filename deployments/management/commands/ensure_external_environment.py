"""Make the environment of the AWS that the standard boto3 configuration names."""

import re
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from coe_portal.core.errors import InvalidInput
from deployments.services import environments

# Account that publishes the scikit-learn image, by region (AWS documentation, "Docker registry paths").
SKLEARN_ACCOUNTS = {
    "us-east-1": "683313688378",
    "us-east-2": "257758044811",
    "us-west-2": "246618743249",
    "eu-west-1": "141502667606",
    "eu-west-2": "764974769150",
    "eu-central-1": "492215442770",
}


class Command(BaseCommand):
    help = "Make or refresh the environment named external from COE_EXTERNAL_BUCKET, …_EXECUTION_ROLE_ARN, …_QUEUE_URL."

    def handle(self, *args: Any, **options: Any) -> None:
        env = settings.ENV
        role, queue = env.COE_EXTERNAL_EXECUTION_ROLE_ARN, env.COE_EXTERNAL_QUEUE_URL
        if not (env.COE_EXTERNAL_BUCKET and role and queue):
            self.stdout.write("No external environment: its bucket, execution role and queue are not all given.")
            return
        region = env.COE_EXTERNAL_REGION or _region_of(queue)
        values = {
            "kind": "dev",
            "account_id": _account_of(role),
            "region": region,
            "execution_role_arn": role,
            "bucket": env.COE_EXTERNAL_BUCKET,
            "event_queue_url": queue,
            "images": {"sklearn": _image(region)},
            "access": "all_projects",
        }
        try:
            environment = environments.ensure_environment(name="external", values=values)
        except InvalidInput as error:
            wrong = " ".join(f"{name}: {' '.join(sentences)}" for name, sentences in error.errors.items())
            raise CommandError(f"The external environment cannot be made. {wrong}") from error
        self.stdout.write(f"The environment {environment} is ready.")


def _account_of(role_arn: str) -> str:
    parts = role_arn.split(":")
    return parts[4] if len(parts) > 4 else ""


def _region_of(queue_url: str) -> str:
    found = re.search(r"//sqs\.([a-z0-9-]+)\.", queue_url)
    if found is None:
        raise CommandError("Set COE_EXTERNAL_REGION; the queue's URL does not tell the region.")
    return found.group(1)


def _image(region: str) -> str:
    account = SKLEARN_ACCOUNTS.get(region, SKLEARN_ACCOUNTS["eu-west-1"])
    return f"{account}.dkr.ecr.{region}.amazonaws.com/sagemaker-scikit-learn:1.4-2-cpu-py3"
