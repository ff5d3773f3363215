"""Make the environment of the AWS that the standard boto3 configuration names."""

import re
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from coe_portal.core.errors import InvalidInput
from deployments.models import Environment
from deployments.services import environments

# Account that publishes the scikit-learn image, by region (AWS documentation, "Docker registry paths").
SKLEARN_ACCOUNTS = {
    "af-south-1": "510948584623",
    "ap-east-1": "651117190479",
    "ap-northeast-1": "354813040037",
    "ap-northeast-2": "366743142698",
    "ap-northeast-3": "867004704886",
    "ap-south-1": "720646828776",
    "ap-south-2": "628508329040",
    "ap-southeast-1": "121021644041",
    "ap-southeast-2": "783357654285",
    "ap-southeast-3": "951798379941",
    "ap-southeast-4": "106583098589",
    "ca-central-1": "341280168497",
    "eu-central-1": "492215442770",
    "eu-central-2": "680994064768",
    "eu-north-1": "662702820516",
    "eu-south-1": "978288397137",
    "eu-south-2": "104374241257",
    "eu-west-1": "141502667606",
    "eu-west-2": "764974769150",
    "eu-west-3": "659782779980",
    "me-central-1": "272398656194",
    "me-south-1": "801668240914",
    "sa-east-1": "737474898029",
    "us-east-1": "683313688378",
    "us-east-2": "257758044811",
    "us-gov-east-1": "237065988967",
    "us-gov-west-1": "414596584902",
    "us-west-1": "746614075791",
    "us-west-2": "246618743249",
}


class Command(BaseCommand):
    help = "Make or refresh the environment named external from COE_EXTERNAL_BUCKET, …_EXECUTION_ROLE_ARN, …_QUEUE_URL."

    def handle(self, *args: Any, **options: Any) -> None:
        env = settings.ENV
        role, queue = env.COE_EXTERNAL_EXECUTION_ROLE_ARN, env.COE_EXTERNAL_QUEUE_URL
        if not (env.COE_EXTERNAL_BUCKET and role and queue):
            self.stdout.write("No external environment: its bucket, execution role and queue are not all given.")
            return
        region = env.COE_EXTERNAL_REGION or _region_of(queue) or env.AWS_DEFAULT_REGION
        if not region:
            raise CommandError("Set COE_EXTERNAL_REGION; the queue's URL does not tell the region.")
        values = {
            "kind": "dev",
            "account_id": _account_of(role),
            "region": region,
            "execution_role_arn": role,
            "bucket": env.COE_EXTERNAL_BUCKET,
            "event_queue_url": queue,
            "images": _images(region),
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
    return found.group(1) if found else ""


def _images(region: str) -> dict[str, str]:
    """What a CoE lead has entered, and AWS's own image where the region has one."""
    entered = Environment.objects.filter(name="external").values_list("images", flat=True).first() or {}
    account = SKLEARN_ACCOUNTS.get(region)
    if account is None:
        return entered
    return {"sklearn": f"{account}.dkr.ecr.{region}.amazonaws.com/sagemaker-scikit-learn:1.4-2-cpu-py3"} | entered
