"""The training contract: what a script finds, what it may not find, and what becomes of it."""

import json
import time
from pathlib import Path
from typing import Any

import pytest

from tests.deployments.local.conftest import BUCKET, LocalAws, Start
from tests.deployments.local.jobs import finished, job_request

LOOK = """
import json, os, pathlib, resource, sys
base = pathlib.Path(os.environ["SAGEMAKER_BASE_DIR"])
parent = pathlib.Path(f"/proc/{os.getppid()}/environ").read_bytes().decode().split("\\0")
told = {
    "environ": dict(os.environ),
    "parent": [line.partition("=")[0] for line in parent],
    "arguments": sys.argv[1:],
    "config": {path.name: json.loads(path.read_text()) for path in (base / "input/config").iterdir()},
    "limits": [resource.getrlimit(n)[0] for n in (resource.RLIMIT_AS, resource.RLIMIT_CPU, resource.RLIMIT_NOFILE)],
    "nice": os.nice(0),
    "leads_its_group": os.getpgid(0) == os.getpid(),
    "folder": os.getcwd(),
}
pathlib.Path(os.environ["SM_MODEL_DIR"], "told.json").write_text(json.dumps(told))
print("TOLD=" + json.dumps(told))
"""
DEAF = """
import signal, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
print("deaf", flush=True)
time.sleep(300)
"""
STEPS = """
import os, pathlib, time
folder = pathlib.Path(os.environ["SAGEMAKER_BASE_DIR"], "checkpoints")
done = int((folder / "step").read_text()) if (folder / "step").exists() else 0
for step in range(done + 1, 9):
    print(f"step={step} from={done}", flush=True)
    (folder / "new").write_text(str(step))
    (folder / "new").replace(folder / "step")
    time.sleep(0.4)
pathlib.Path(os.environ["SM_MODEL_DIR"], "model").write_text("done")
"""


def lines(aws: LocalAws, name: str) -> list[str]:
    logs = aws.client("logs")
    group = "/aws/sagemaker/TrainingJobs"
    found = logs.describe_log_streams(logGroupName=group, logStreamNamePrefix=f"{name}/")["logStreams"]
    pages = [logs.get_log_events(logGroupName=group, logStreamName=s["logStreamName"])["events"] for s in found]
    return [event["message"] for page in pages for event in page]


def until_log(aws: LocalAws, name: str, text: str) -> None:
    end = time.monotonic() + 20
    while not any(text in line for line in lines(aws, name)):
        assert time.monotonic() < end, lines(aws, name)
        time.sleep(0.1)


@pytest.fixture
def told(start: Start, monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """What a script finds when the service was started from an environment full of secrets."""
    monkeypatch.setenv("SECRET_KEY", "the-portals-secret")
    monkeypatch.setenv("DATABASE_URL", "postgres://portal:secret@db/portal")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "a-real-one")
    aws = start()
    aws.client("s3").put_object(Bucket=BUCKET, Key="in/a.csv", Body=b"1")
    source = {"S3DataType": "S3Prefix", "S3Uri": f"s3://{BUCKET}/in"}
    request = job_request(
        aws,
        "job-1",
        script=LOOK,
        HyperParameters={"epochs": "3", "name": "ada lovelace", "o": "1"},
        Environment={"COLOUR": "blue"},
        InputDataConfig=[{"ChannelName": "train", "ContentType": "text/csv", "DataSource": {"S3DataSource": source}}],
    )
    aws.client("sagemaker").create_training_job(**request)
    job = finished(aws, "job-1")
    assert job["TrainingJobStatus"] == "Completed", (job.get("FailureReason"), lines(aws, "job-1"))
    [line] = [line for line in lines(aws, "job-1") if line.startswith("TOLD=")]
    found: dict[str, Any] = json.loads(line.removeprefix("TOLD="))
    return found


def test_a_script_finds_none_of_the_portals_secrets(told: dict[str, Any]) -> None:
    environ: dict[str, str] = told["environ"]
    assert not {"SECRET_KEY", "DATABASE_URL", "REDIS_URL", "AWS_SECRET_ACCESS_KEY", "AWS_ACCESS_KEY_ID"} & set(environ)
    assert not [value for value in environ.values() if "secret" in value]
    allowed = {
        "PATH",
        "LANG",
        "LC_CTYPE",
        "HOME",
        "PYTHONUNBUFFERED",
        "OMP_NUM_THREADS",
        "SAGEMAKER_BASE_DIR",
        "COLOUR",
    }
    assert {name for name in environ if not name.startswith(("SM_", "TRAINING_JOB_"))} <= allowed


def test_a_script_finds_what_the_training_toolkit_promises(told: dict[str, Any]) -> None:
    environ, base = told["environ"], told["environ"]["SAGEMAKER_BASE_DIR"]
    assert environ["TRAINING_JOB_NAME"] == "job-1" and environ["TRAINING_JOB_ARN"].endswith("training-job/job-1")
    assert environ["SM_MODEL_DIR"] == f"{base}/model" and environ["SM_CHANNEL_TRAIN"] == f"{base}/input/data/train"
    assert (environ["SM_HP_EPOCHS"], environ["SM_HP_NAME"], environ["COLOUR"]) == ("3", "ada lovelace", "blue")
    assert json.loads(environ["SM_HPS"]) == {"epochs": 3, "name": "ada lovelace", "o": 1}
    assert told["arguments"] == ["--epochs", "3", "--name", "ada lovelace", "-o", "1"]
    assert json.loads(environ["SM_USER_ARGS"]) == told["arguments"]
    assert (environ["SM_USER_ENTRY_POINT"], environ["SM_MODULE_NAME"]) == ("train.py", "train")
    assert json.loads(environ["SM_TRAINING_ENV"])["channels"] == ["train"]
    missing = {
        "SM_OUTPUT_DATA_DIR", "SM_OUTPUT_DIR", "SM_INPUT_DIR", "SM_INPUT_CONFIG_DIR", "SM_OUTPUT_INTERMEDIATE_DIR",
        "SM_CHANNELS", "SM_HOSTS", "SM_CURRENT_HOST", "SM_CURRENT_INSTANCE_TYPE", "SM_CURRENT_INSTANCE_GROUP",
        "SM_INSTANCE_GROUPS", "SM_NUM_CPUS", "SM_NUM_GPUS", "SM_NUM_NEURONS", "SM_NETWORK_INTERFACE_NAME",
        "SM_LOG_LEVEL", "SM_MODULE_DIR", "SM_FRAMEWORK_MODULE", "SM_FRAMEWORK_PARAMS", "SM_RESOURCE_CONFIG",
        "SM_INPUT_DATA_CONFIG",
    } - set(environ)  # fmt: skip
    assert not missing
    config = told["config"]
    assert config["hyperparameters.json"]["epochs"] == "3"
    assert config["resourceconfig.json"]["current_host"] == "algo-1"
    assert config["inputdataconfig.json"]["train"] == {
        "TrainingInputMode": "File",
        "ContentType": "text/csv",
        "S3DistributionType": "FullyReplicated",
        "RecordWrapperType": "None",
    }


def test_a_script_runs_confined(told: dict[str, Any]) -> None:
    memory, seconds, files = told["limits"]
    assert 0 < memory <= 16 << 30 and 0 < seconds <= 24 * 3600 and 0 < files <= 4096
    assert told["nice"] >= 10 and told["leads_its_group"] is True
    assert told["folder"].startswith(told["environ"]["SAGEMAKER_BASE_DIR"])


def test_a_script_that_does_not_listen_is_killed(aws: LocalAws) -> None:
    client = aws.client("sagemaker")
    client.create_training_job(**job_request(aws, "job-1", script=DEAF))
    until_log(aws, "job-1", "deaf")
    asked = time.monotonic()
    client.stop_training_job(TrainingJobName="job-1")
    client.stop_training_job(TrainingJobName="job-1")  # asking twice is no error while it stops
    assert finished(aws, "job-1", 30)["TrainingJobStatus"] == "Stopped"
    assert time.monotonic() - asked < 25


def test_checkpoints_are_kept_in_s3_and_an_interrupted_spot_job_goes_on_from_them(aws: LocalAws) -> None:
    aws.control(spot_interrupt_rate=1)
    request = job_request(
        aws,
        "job-1",
        script=STEPS,
        EnableManagedSpotTraining=True,
        CheckpointConfig={"S3Uri": f"s3://{BUCKET}/checkpoints/job-1"},
        StoppingCondition={"MaxRuntimeInSeconds": 60, "MaxWaitTimeInSeconds": 120},
    )
    aws.client("sagemaker").create_training_job(**request)
    assert finished(aws, "job-1")["TrainingJobStatus"] == "Completed"
    kept = aws.client("s3").get_object(Bucket=BUCKET, Key="checkpoints/job-1/step")["Body"].read()
    assert kept == b"8"
    again = [line for line in lines(aws, "job-1") if "from=0" not in line and "step=" in line]
    assert again, "the second run began at the beginning"


def test_a_job_whose_service_was_killed_is_run_again_from_its_checkpoint(start: Start, tmp_path: Path) -> None:
    aws = start()
    request = job_request(aws, "job-1", script=STEPS, CheckpointConfig={"S3Uri": f"s3://{BUCKET}/checkpoints/job-1/"})
    aws.client("sagemaker").create_training_job(**request)
    until_log(aws, "job-1", "step=7")
    aws.process.kill()
    aws.process.wait()
    again = start()
    job = finished(again, "job-1")
    assert job["TrainingJobStatus"] == "Completed"
    assert "Restarting" in [entry["Status"] for entry in job["SecondaryStatusTransitions"]]
    assert any("from=" in line and "from=0" not in line for line in lines(again, "job-1"))
    assert job["TrainingTimeInSeconds"] < 10


def test_a_spot_job_that_waited_for_too_long_ends_so(aws: LocalAws) -> None:
    request = job_request(
        aws,
        "job-1",
        HyperParameters={"seconds": "60"},
        EnableManagedSpotTraining=True,
        StoppingCondition={"MaxRuntimeInSeconds": 3, "MaxWaitTimeInSeconds": 3},
    )
    aws.client("sagemaker").create_training_job(**request)
    job = finished(aws, "job-1")
    assert (job["TrainingJobStatus"], job["SecondaryStatus"]) == ("Stopped", "MaxWaitTimeExceeded")
