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


def _parameters(job: Job) -> dict[str, Any]:
    given = job.get("HyperParameters", {})
    return {name: _decoded(value) for name, value in given.items() if name not in RESERVED}


def script_arguments(job: Job) -> list[str]:
    """The hyperparameters as the toolkit passes them to the script, in order of their names."""
    given = job.get("HyperParameters", {})
    pairs = [(f"--{name}" if len(name) > 1 else f"-{name}", str(given[name])) for name in sorted(given)]
    return [word for name, pair in zip(sorted(given), pairs, strict=True) if name not in RESERVED for word in pair]


def resource_config(job: Job) -> dict[str, Any]:
    """``resourceconfig.json``."""
    machines = job["ResourceConfig"]
    hosts = [f"algo-{number}" for number in range(1, machines.get("InstanceCount", 1) + 1)]
    kind = machines.get("InstanceType", "")
    group = {"instance_group_name": "homogeneousCluster", "instance_type": kind, "hosts": hosts}
    return {
        "current_host": "algo-1",
        "hosts": hosts,
        "network_interface_name": "lo",
        "current_instance_type": kind,
        "current_group_name": "homogeneousCluster",
        "instance_groups": [group],
    }


def input_data_config(job: Job) -> dict[str, Any]:
    """``inputdataconfig.json``."""
    return {
        channel["ChannelName"]: {
            "TrainingInputMode": channel.get("InputMode") or job["AlgorithmSpecification"]["TrainingInputMode"],
            "ContentType": channel.get("ContentType", ""),
            "S3DistributionType": channel["DataSource"]["S3DataSource"].get(
                "S3DataDistributionType", "FullyReplicated"
            ),
            "RecordWrapperType": channel.get("RecordWrapperType", "None"),
        }
        for channel in job.get("InputDataConfig", [])
    }


def script_variables(job: Job, folder: Path) -> dict[str, str]:
    """The variables of the SageMaker training toolkit, with ``folder`` in place of /opt/ml."""
    channels, parameters = input_data_config(job), _parameters(job)
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
    }
    for name, value in _toolkit(job, folder, parameters).items():
        variables[f"SM_{name}"] = value if isinstance(value, str) else _compact(value)
    for name in channels:
        variables[f"SM_CHANNEL_{name.upper()}"] = str(folder / "input" / "data" / name)
    for name, value in parameters.items():
        variables[f"SM_HP_{name.upper()}"] = value if isinstance(value, str) else _compact(value)
    return variables


def _toolkit(job: Job, folder: Path, parameters: dict[str, Any]) -> dict[str, Any]:
    """What the toolkit's ``environment.to_env_vars`` tells, without the prefix."""
    given, resources = job.get("HyperParameters", {}), resource_config(job)
    entry = str(_decoded(given.get("sagemaker_program", "train.py")))
    facts: dict[str, Any] = {
        "MODEL_DIR": str(folder / "model"),
        "OUTPUT_DIR": str(folder / "output"),
        "OUTPUT_DATA_DIR": str(folder / "output" / "data"),
        "OUTPUT_INTERMEDIATE_DIR": str(folder / "output" / "intermediate"),
        "INPUT_DIR": str(folder / "input"),
        "INPUT_CONFIG_DIR": str(folder / "input" / "config"),
        "INPUT_DATA_CONFIG": input_data_config(job),
        "RESOURCE_CONFIG": resources,
        "CHANNELS": sorted(input_data_config(job)),
        "HPS": parameters,
        "HOSTS": resources["hosts"],
        "CURRENT_HOST": "algo-1",
        "CURRENT_INSTANCE_TYPE": resources["current_instance_type"],
        "CURRENT_INSTANCE_GROUP": resources["current_group_name"],
        "INSTANCE_GROUPS": [group["instance_group_name"] for group in resources["instance_groups"]],
        "NUM_CPUS": os.cpu_count() or 1,
        "NUM_GPUS": 0,
        "NUM_NEURONS": 0,
        "NETWORK_INTERFACE_NAME": "lo",
        "LOG_LEVEL": 20,
        "USER_ARGS": script_arguments(job),
        "USER_ENTRY_POINT": entry,
        "MODULE_NAME": entry.removesuffix(".py"),
        "MODULE_DIR": str(_decoded(given.get("sagemaker_submit_directory", ""))),
        "FRAMEWORK_MODULE": "",
        "FRAMEWORK_PARAMS": {name: _decoded(value) for name, value in given.items() if name in RESERVED},
    }
    return facts | {"TRAINING_ENV": {name.lower(): value for name, value in facts.items()}}
