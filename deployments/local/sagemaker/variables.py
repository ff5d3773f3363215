"""The environment of a training script: AWS's SM_* variables and nothing of ours."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

from deployments.local.sagemaker.jobs import Job

RESERVED = frozenset(
    {
        "sagemaker_program",
        "sagemaker_submit_directory",
        "sagemaker_container_log_level",
        "sagemaker_job_name",
        "sagemaker_region",
        "sagemaker_enable_cloudwatch_metrics",
        "sagemaker_s3_output",
        "default_user_module_name",
        "_tuning_objective_metric",
    }
)


def _compact(value: Any) -> str:
    return json.dumps(value, sort_keys=True, separators=(",", ":"))


def _decoded(value: str) -> Any:
    try:
        return json.loads(value)
    except ValueError:
        return value


def script_variables(job: Job, folder: Path) -> dict[str, str]:
    """The variables of the SageMaker training toolkit, with ``folder`` in place of /opt/ml."""
    channels = sorted(channel["ChannelName"] for channel in job.get("InputDataConfig", []))
    parameters = {
        name: _decoded(value) for name, value in job.get("HyperParameters", {}).items() if name not in RESERVED
    }
    hosts = [f"algo-{number}" for number in range(1, job["ResourceConfig"].get("InstanceCount", 1) + 1)]
    variables = {
        "PATH": os.environ.get("PATH", "/usr/bin:/bin"),
        "LANG": "C.UTF-8",
        "HOME": str(folder),
        "PYTHONUNBUFFERED": "1",
        "OMP_NUM_THREADS": "1",
        **job.get("Environment", {}),
        "SAGEMAKER_BASE_DIR": str(folder),
        "TRAINING_JOB_NAME": job["TrainingJobName"],
        "TRAINING_JOB_ARN": job["TrainingJobArn"],
        "SM_MODEL_DIR": str(folder / "model"),
        "SM_OUTPUT_DIR": str(folder / "output"),
        "SM_OUTPUT_DATA_DIR": str(folder / "output" / "data"),
        "SM_INPUT_DIR": str(folder / "input"),
        "SM_INPUT_CONFIG_DIR": str(folder / "input" / "config"),
        "SM_CHANNELS": _compact(channels),
        "SM_HPS": _compact(parameters),
        "SM_HOSTS": _compact(hosts),
        "SM_CURRENT_HOST": "algo-1",
        "SM_CURRENT_INSTANCE_TYPE": job["ResourceConfig"].get("InstanceType", ""),
        "SM_NUM_CPUS": str(os.cpu_count() or 1),
        "SM_NUM_GPUS": "0",
        "SM_NETWORK_INTERFACE_NAME": "lo",
        "SM_LOG_LEVEL": "20",
        "SM_USER_ARGS": _compact([]),
        "SM_USER_ENTRY_POINT": str(_decoded(job.get("HyperParameters", {}).get("sagemaker_program", "train.py"))),
    }
    for name in channels:
        variables[f"SM_CHANNEL_{name.upper()}"] = str(folder / "input" / "data" / name)
    for name, value in parameters.items():
        variables[f"SM_HP_{name.upper()}"] = value if isinstance(value, str) else _compact(value)
    return variables
