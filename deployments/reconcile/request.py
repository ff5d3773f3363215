"""From a run's row to what AWS is asked for."""

import json
import re
from collections.abc import Mapping
from typing import Any

from deployments.aws.errors import AwsError, ErrorKind
from deployments.aws.gateway import Channel, TrainingJobSpec
from deployments.aws.validation import LONGEST_RUN, TAG_CHARACTERS
from deployments.models import Run

_NOT_IN_TAGS = re.compile(rf"[^{TAG_CHARACTERS}]")


def code_key(digest: str) -> str:
    """Where the code with this digest lies in the environment's bucket: named by content, so it never changes."""
    return f"coe-portal/code/{digest}/sourcedir.tar.gz"


def spec_of(run: Run) -> TrainingJobSpec:
    """The training job of a run. Raises AwsError (INVALID) when the environment lacks what the template needs."""
    version, environment = run.template_version, run.environment
    image = environment.images.get(version.image, "")
    if not image:
        told = f"The environment {environment} has no image named {version.image}. Ask a CoE lead to add it."
        raise AwsError(ErrorKind.INVALID, told)
    bucket = f"s3://{environment.bucket}/coe-portal"
    content_types = {channel["name"]: channel.get("content_type", "") for channel in version.channels}
    return TrainingJobSpec(
        name=run.aws_name,
        image=image,
        role_arn=environment.execution_role_arn,
        output_location=f"{bucket}/runs",
        instance_type=run.instance_type,
        instance_count=run.instance_count,
        volume_gb=version.volume_gb,
        max_runtime_seconds=run.max_runtime_seconds,
        hyperparameters=_hyperparameters(run),
        metric_definitions=[(metric["name"], metric["regex"]) for metric in version.metric_definitions],
        channels=[Channel(name, place, content_types.get(name, "")) for name, place in run.input_channels.items()],
        spot=run.spot,
        max_wait_seconds=min(LONGEST_RUN, run.max_runtime_seconds * 2),
        checkpoints=f"{bucket}/checkpoints/{run.aws_name}",
        tags=tags_of(run),
    )


def _hyperparameters(run: Run) -> dict[str, str]:
    """Text for the script, and what AWS's training toolkit needs to start it (``sagemaker_…``)."""
    version, environment = run.template_version, run.environment
    own = {name: value if isinstance(value, str) else json.dumps(value) for name, value in run.hyperparameters.items()}
    return own | {
        "sagemaker_program": version.entry_point,
        "sagemaker_submit_directory": f"s3://{environment.bucket}/{code_key(version.code_digest)}",
        "sagemaker_container_log_level": "20",
        "sagemaker_job_name": run.aws_name,
        "sagemaker_region": environment.region,
    }


def tags_of(run: Run) -> dict[str, str]:
    """The tags by which a job is found to be ours and its money is assigned."""
    tags = {
        "portal": "coe",
        "portal-run": run.pk,
        "project": run.project.key,
        "cost-center": getattr(run.project.business_unit, "cost_center", "") or "",
        "owner": run.requested_by.username,
    }
    return {key: _NOT_IN_TAGS.sub("-", value)[:256] for key, value in tags.items()}


def is_ours(run: Run, tags: Mapping[str, Any]) -> bool:
    """Whether the tags of a job say that it belongs to this run."""
    return tags.get("portal") == "coe" and tags.get("portal-run") == run.pk
