"""Training jobs to try the local AWS with, through plain boto3."""

import io
import tarfile
import time
from typing import Any

from tests.deployments.local.conftest import BUCKET, LocalAws

SCRIPT = """
import argparse, json, os, pathlib, signal, sys, time
parser = argparse.ArgumentParser()
parser.add_argument("--epochs", type=int, default=1)
parser.add_argument("--seconds", type=float, default=0)
parser.add_argument("--fail", default="")
parser.add_argument("--child", default="")
parser.add_argument("--empty", default="")
options = parser.parse_args()
signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
assert "DATABASE_URL" not in os.environ and "AWS_SECRET_ACCESS_KEY" not in os.environ
channel = os.environ.get("SM_CHANNEL_TRAIN")
rows = len(pathlib.Path(channel, "data.csv").read_text().splitlines()) if channel else 0
for epoch in range(options.epochs):
    print(f"epoch={epoch + 1}; accuracy={0.5 + epoch / 10:.2f}; rows={rows}")
if not options.empty:
    pathlib.Path(os.environ["SM_MODEL_DIR"], "model.json").write_text(json.dumps({"rows": rows}))
if options.child:
    import subprocess
    subprocess.Popen([sys.executable, "-c", f"import time; time.sleep({options.child})"])
time.sleep(options.seconds)
if options.fail:
    pathlib.Path(os.environ["SM_OUTPUT_DIR"], "failure").write_text(options.fail)
    sys.exit(3)
"""


def job_request(aws: LocalAws, name: str, *, script: str = SCRIPT, **changes: Any) -> dict[str, Any]:
    """The parameters of CreateTrainingJob for a script that is put in place."""
    package = io.BytesIO()
    with tarfile.open(fileobj=package, mode="w:gz") as archive:
        entry = tarfile.TarInfo("train.py")
        entry.size = len(script)
        archive.addfile(entry, io.BytesIO(script.encode()))
    aws.client("s3").put_object(Bucket=BUCKET, Key=f"code/{name}.tar.gz", Body=package.getvalue())
    parameters = {"sagemaker_program": "train.py", "sagemaker_submit_directory": f"s3://{BUCKET}/code/{name}.tar.gz"}
    return {
        "TrainingJobName": name,
        "HyperParameters": parameters | changes.pop("HyperParameters", {}),
        "AlgorithmSpecification": {
            "TrainingImage": "141502667606.dkr.ecr.eu-west-1.amazonaws.com/sagemaker-scikit-learn:1.4-2-cpu-py3",
            "TrainingInputMode": "File",
            "MetricDefinitions": [{"Name": "accuracy", "Regex": "accuracy=([0-9.]+)"}],
        },
        "RoleArn": "arn:aws:iam::000000000000:role/execution",
        "OutputDataConfig": {"S3OutputPath": f"s3://{BUCKET}/out"},
        "ResourceConfig": {"InstanceType": "ml.m5.large", "InstanceCount": 1, "VolumeSizeInGB": 5},
        "StoppingCondition": {"MaxRuntimeInSeconds": 600},
        "Tags": [{"Key": "portal-run", "Value": name}],
        **changes,
    }


def finished(aws: LocalAws, name: str, patience: float = 20) -> dict[str, Any]:
    client, end = aws.client("sagemaker"), time.monotonic() + patience
    while True:
        job: dict[str, Any] = client.describe_training_job(TrainingJobName=name)
        if job["TrainingJobStatus"] in ("Completed", "Failed", "Stopped"):
            return job
        assert time.monotonic() < end, job
        time.sleep(0.1)


def states(job: dict[str, Any]) -> list[str]:
    return [entry["Status"] for entry in job["SecondaryStatusTransitions"]]
