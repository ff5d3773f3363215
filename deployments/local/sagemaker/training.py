"""The operations on training jobs."""

from __future__ import annotations

import base64
import re
import time
from typing import Any

from deployments.local.sagemaker.jobs import TERMINAL, Job
from deployments.local.sagemaker.search import matches
from deployments.local.sagemaker.service import SageMaker, operation
from deployments.local.wire import AwsError, Request

ROLE = re.compile(r"arn:aws[a-z\-]*:iam::\d{12}:role/?[a-zA-Z_0-9+=,.@\-_/]+")
S3_URI = re.compile(r"(https|s3)://[^/]+/?.*")
REQUEST_ONLY = ("Tags",)
LONGEST = 28 * 24 * 3600


@operation("CreateTrainingJob")
def create(sagemaker: SageMaker, request: Request, params: dict[str, Any]) -> dict[str, Any]:
    """Keep the job and start it. Refuses what AWS refuses beyond the model's constraints."""
    _refuse_unusable(params)
    if sagemaker.gatekeeper.hits(sagemaker.gatekeeper.switches.capacity_error_rate):
        kind = params["ResourceConfig"].get("InstanceType", "instances")
        raise AwsError(
            "ResourceLimitExceeded",
            f"The account-level service limit '{kind} for training job usage' is 0 Instances, with current utilization "
            "of 0 Instances and a request delta of 1 Instances. Please use AWS Service Quotas to request an increase.",
        )
    name, now = params["TrainingJobName"], time.time()
    arn = f"arn:aws:sagemaker:{request.region}:{request.account}:training-job/{name.lower()}"
    job: Job = {
        **{key: value for key, value in params.items() if key not in REQUEST_ONLY},
        "TrainingJobArn": arn,
        "TrainingJobStatus": "InProgress",
        "SecondaryStatus": "Starting",
        "SecondaryStatusTransitions": [],
        "CreationTime": now,
        "LastModifiedTime": now,
        "_tags": params.get("Tags", []),
    }
    if not sagemaker.jobs.add(job):
        raise AwsError(
            "ResourceInUse",
            "Training job names must be unique within an AWS account and region, "
            f"but a training job with this name already exists ({arn})",
        )
    return {"TrainingJobArn": arn}


def _refuse_unusable(params: dict[str, Any]) -> None:
    stopping = params.get("StoppingCondition", {})
    spot = params.get("EnableManagedSpotTraining", False)
    longest, wait = stopping.get("MaxRuntimeInSeconds", 86_400), stopping.get("MaxWaitTimeInSeconds")
    keys = [tag["Key"] for tag in params.get("Tags", [])]
    algorithm = params["AlgorithmSpecification"]
    uris = [params["OutputDataConfig"]["S3OutputPath"]]
    sources = [channel["DataSource"].get("S3DataSource") for channel in params.get("InputDataConfig", [])]
    uris += [source["S3Uri"] for source in sources if source]
    uris += [params["CheckpointConfig"]["S3Uri"]] if params.get("CheckpointConfig") else []
    refusals = {
        "RoleArn is not the ARN of an IAM role.": not ROLE.fullmatch(params["RoleArn"]),
        "Either TrainingImage or AlgorithmName must be given.": not (
            algorithm.get("TrainingImage") or algorithm.get("AlgorithmName")
        ),
        "ResourceConfig must be given.": not params.get("ResourceConfig"),
        "Duplicate tag keys are not allowed.": len(keys) != len(set(keys)),
        "MaxWaitTimeInSeconds is only allowed for managed spot training.": wait is not None and not spot,
        "MaxRuntimeInSeconds may be at most 28 days.": longest > LONGEST or (wait or 0) > LONGEST,
        "InstanceCount and VolumeSizeInGB must be at least 1.": min(
            params.get("ResourceConfig", {}).get(name, 1) for name in ("InstanceCount", "VolumeSizeInGB")
        )
        < 1,
        "Tag keys that start with aws: are reserved.": any(key.lower().startswith("aws:") for key in keys),
        "Invalid MaxWaitTimeInSeconds. It must be present and be greater than or equal to MaxRuntimeInSeconds.": spot
        and (wait is None or wait < longest),
        "A location is not a valid S3 URI.": not all(S3_URI.fullmatch(uri) for uri in uris),
    }
    for sentence, refused in refusals.items():
        if refused:
            raise AwsError("ValidationException", sentence)


def _job(sagemaker: SageMaker, request: Request, name: str) -> Job:
    job: Job | None = sagemaker.jobs.get(request.account, request.region, name)
    if job is None:
        raise AwsError("ValidationException", "Requested resource not found.")
    return job


def shown(sagemaker: SageMaker, job: Job) -> dict[str, Any]:
    """The record without our own keys; a switch shows a status that nobody has seen before."""
    record = {key: value for key, value in job.items() if not key.startswith("_")}
    unknown = sagemaker.gatekeeper.switches.unknown_status
    if unknown and job["TrainingJobStatus"] not in TERMINAL:
        record["TrainingJobStatus"] = unknown
    return record


@operation("DescribeTrainingJob")
def describe(sagemaker: SageMaker, request: Request, params: dict[str, Any]) -> dict[str, Any]:
    return shown(sagemaker, _job(sagemaker, request, params["TrainingJobName"]))


@operation("StopTrainingJob")
def stop(sagemaker: SageMaker, request: Request, params: dict[str, Any]) -> dict[str, Any]:
    """Ask the job to stop; refuses one that has ended."""
    job = _job(sagemaker, request, params["TrainingJobName"])
    status = job["TrainingJobStatus"]
    if status in TERMINAL:
        sentence = f"The request was rejected because the training job is in status {status}."
        raise AwsError("ValidationException", sentence)
    if status == "Stopping":
        return {}
    sagemaker.jobs.note(job, _stop=True)
    sagemaker.jobs.move(job, "Stopping", "Stopping")
    sagemaker.jobs.on_stop(job)
    return {}


@operation("DeleteTrainingJob")
def delete(sagemaker: SageMaker, request: Request, params: dict[str, Any]) -> dict[str, Any]:
    """Forget a job that has ended; its name is free again."""
    job = _job(sagemaker, request, params["TrainingJobName"])
    if job["TrainingJobStatus"] not in TERMINAL:
        raise AwsError("ResourceInUse", "The training job is still running.")
    sagemaker.jobs.remove(job)
    return {}


@operation("ListTrainingJobs")
def list_jobs(sagemaker: SageMaker, request: Request, params: dict[str, Any]) -> dict[str, Any]:
    """Pages first, filters after, as AWS does: a page may be empty and still have a NextToken."""
    size, start = params.get("MaxResults", 10), _offset(params.get("NextToken"))
    descending = params.get("SortOrder", "Descending") == "Descending"
    field = {"Name": "TrainingJobName", "Status": "TrainingJobStatus"}.get(params.get("SortBy", ""), "CreationTime")
    mine = sagemaker.jobs.within(request.account, request.region)
    mine = [job for job in mine if job["CreationTime"] > _seconds(params.get("CreationTimeAfter"), 0)]
    mine.sort(key=lambda job: job[field], reverse=descending)
    page = [job for job in mine[start : start + size] if _listed(job, params)]
    answer: dict[str, Any] = {"TrainingJobSummaries": [shown(sagemaker, job) for job in page]}
    return answer | ({"NextToken": _token(start + size)} if start + size < len(mine) else {})


def _listed(job: Job, params: dict[str, Any]) -> bool:
    return (
        params.get("StatusEquals", job["TrainingJobStatus"]) == job["TrainingJobStatus"]
        and params.get("NameContains", "") in job["TrainingJobName"]
        and job["LastModifiedTime"] > _seconds(params.get("LastModifiedTimeAfter"), 0)
        and job["CreationTime"] < _seconds(params.get("CreationTimeBefore"), float("inf"))
    )


@operation("Search")
def search(sagemaker: SageMaker, request: Request, params: dict[str, Any]) -> dict[str, Any]:
    """Up to 100 complete records of training jobs a call."""
    if params["Resource"] != "TrainingJob":
        raise AwsError("ValidationException", f"The local SageMaker cannot search {params['Resource']} yet.")
    size, start = params.get("MaxResults", 100), _offset(params.get("NextToken"))
    expression = params.get("SearchExpression", {})
    mine = [job for job in sagemaker.jobs.within(request.account, request.region) if matches(job, expression)]
    field = params.get("SortBy", "LastModifiedTime")
    mine.sort(key=lambda job: job.get(field) or 0, reverse=params.get("SortOrder", "Descending") == "Descending")
    results = [{"TrainingJob": shown(sagemaker, job) | {"Tags": job["_tags"]}} for job in mine[start : start + size]]
    return {"Results": results} | ({"NextToken": _token(start + size)} if start + size < len(mine) else {})


@operation("ListTags")
def list_tags(sagemaker: SageMaker, request: Request, params: dict[str, Any]) -> dict[str, Any]:
    return {"Tags": _by_arn(sagemaker, request, params)["_tags"]}


@operation("AddTags")
def add_tags(sagemaker: SageMaker, request: Request, params: dict[str, Any]) -> dict[str, Any]:
    job = _by_arn(sagemaker, request, params)
    tags = {tag["Key"]: tag for tag in [*job["_tags"], *params["Tags"]]}
    sagemaker.jobs.note(job, _tags=list(tags.values()))
    return {"Tags": job["_tags"]}


@operation("DeleteTags")
def delete_tags(sagemaker: SageMaker, request: Request, params: dict[str, Any]) -> dict[str, Any]:
    job = _by_arn(sagemaker, request, params)
    sagemaker.jobs.note(job, _tags=[tag for tag in job["_tags"] if tag["Key"] not in params["TagKeys"]])
    return {}


def _by_arn(sagemaker: SageMaker, request: Request, params: dict[str, Any]) -> Job:
    arn = params["ResourceArn"]
    mine = sagemaker.jobs.within(request.account, request.region)
    found: list[Job] = [job for job in mine if job["TrainingJobArn"] == arn]
    if not found:
        raise AwsError("ValidationException", "Requested resource not found.")
    return found[0]


def _token(offset: int) -> str:
    return base64.b64encode(f"at:{offset}".encode()).decode()


def _offset(token: str | None) -> int:
    if token is None:
        return 0
    try:
        return int(base64.b64decode(token).decode().removeprefix("at:"))
    except ValueError:
        raise AwsError("ValidationException", "The NextToken is invalid.") from None


def _seconds(value: float | None, default: float) -> float:
    return default if value is None else float(value)
