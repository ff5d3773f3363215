"""Answers that are cut off, garbled, refused or not AWS's at all."""

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from deployments.aws.boto import open_account, sessions
from deployments.aws.boto.queue import BotoQueue
from deployments.aws.errors import AwsError
from deployments.aws.gateway import AwsAccount, QueueMessage
from tests.deployments.aws.conftest import REGION, forget_rates

OWN = AwsAccount("123456789012", REGION)
HTML = "<!doctype html><title>500 Internal Server Error</title><h1>Internal Server Error</h1>"
JSON = "application/x-amz-json-1.1"


class Scripted:
    """A server that answers whatever it is told to; the last answer repeats."""

    def __init__(self) -> None:
        self.answers: list[tuple[int, str, dict[str, str]]] = []
        self.operations: list[str] = []
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                self.rfile.read(int(self.headers.get("content-length") or 0))
                outer.operations.append(self.headers.get("x-amz-target", "").partition(".")[2])
                status, body, headers = outer.answers.pop(0) if len(outer.answers) > 1 else outer.answers[0]
                self.send_response(status)
                for name, value in {"Content-Length": str(len(body.encode())), **headers}.items():
                    self.send_header(name, value)
                self.end_headers()
                if self.command != "HEAD":
                    self.wfile.write(body.encode())

            do_GET = do_PUT = do_HEAD = do_POST  # noqa: N815

            def log_message(self, *_: Any) -> None:
                """Not in the tests' output."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        self.url = f"http://127.0.0.1:{self.server.server_port}"

    def says(self, status: int, body: Any, **headers: str) -> None:
        whole = body if isinstance(body, str) else json.dumps(body)
        kind = {"Content-Type": "text/html" if whole.startswith("<!doctype") else JSON}
        self.answers.append((status, whole, kind | {name.replace("_", "-"): value for name, value in headers.items()}))


@pytest.fixture
def aws(monkeypatch: pytest.MonkeyPatch) -> Iterator[Scripted]:
    scripted = Scripted()
    for name, value in {
        "AWS_ENDPOINT_URL": scripted.url,
        "AWS_ACCESS_KEY_ID": "testing",
        "AWS_SECRET_ACCESS_KEY": "testing",
        "AWS_EC2_METADATA_DISABLED": "true",
    }.items():
        monkeypatch.setenv(name, value)
    sessions.forget()
    forget_rates()
    yield scripted
    scripted.server.shutdown()
    sessions.forget()


@pytest.mark.parametrize(
    ("status", "body", "kind", "sentence"),
    [
        (500, HTML, "transient", "answers StopTrainingJob with status 500 and no explanation"),
        (503, "", "transient", "status 503"),
        (404, HTML, "transient", "status 404"),
        (400, '{"__type":"Thrott', "transient", "status 400"),
        (501, "", "unsupported", "status 501"),
        (429, "", "throttled", "status 429"),
        (400, {"__type": "UnknownOperationException", "message": ""}, "unsupported", "does not know StopTrainingJob"),
        (400, {"__type": "ThrottlingException", "message": "Rate exceeded"}, "throttled", "Rate exceeded"),
        (400, {"__type": "ResourceNotFound", "Message": "gone"}, "not_found", "gone"),
    ],
)
def test_an_answer_that_is_no_success_is_a_clear_sentence_of_a_known_kind(
    aws: Scripted, status: int, body: Any, kind: str, sentence: str
) -> None:
    aws.says(status, body)
    with pytest.raises(AwsError, match=sentence) as caught:
        open_account(OWN).training.stop("job-1")
    assert caught.value.kind == kind
    assert "<" not in caught.value.message


def test_a_wish_to_wait_is_heard(aws: Scripted) -> None:
    aws.says(400, {"__type": "ThrottlingException", "message": "Rate exceeded"}, Retry_After="7")
    with pytest.raises(AwsError) as caught:
        open_account(OWN).training.stop("job-1")
    assert caught.value.retry_after == 7


@pytest.mark.parametrize("body", ["{}", '{"TrainingJobName": "job-1", "Trai', "[]", "", '{"CreationTime": "soon"}'])
def test_a_job_that_is_not_told_of_whole_is_unknown_not_gone(aws: Scripted, body: str) -> None:
    aws.says(200, body)
    with pytest.raises(AwsError) as caught:
        open_account(OWN).training.describe("job-1")
    assert caught.value.kind == "transient"


def test_tags_that_were_cut_off_do_not_make_a_job_a_strangers(aws: Scripted) -> None:
    arn = f"arn:aws:sagemaker:{REGION}:123456789012:training-job/job-1"
    aws.says(200, {"TrainingJobName": "job-1", "TrainingJobArn": arn, "TrainingJobStatus": "InProgress"})
    aws.says(200, '{"Tags": [{"Key": "portal"')
    with pytest.raises(AwsError, match="ListTags was cut off"):
        open_account(OWN).training.describe("job-1", with_tags=True)


def test_a_search_that_was_cut_off_found_not_nothing(aws: Scripted) -> None:
    aws.says(200, '{"Results": [')
    with pytest.raises(AwsError, match="Search was cut off"):
        open_account(OWN).training.search_by_names(["job-1"])


@pytest.mark.parametrize("document", ["<GetCallerIdentityResponse><GetCaller", "", "no xml"])
def test_xml_that_was_cut_off_is_no_crash(aws: Scripted, document: str) -> None:
    aws.says(200, document)
    with pytest.raises(AwsError) as caught:
        open_account(OWN).identity.account_id()
    assert caught.value.kind == "transient"


def test_figures_are_read_whatever_their_dress_and_a_diverged_metric_is_none(aws: Scripted) -> None:
    metrics = [
        {"MetricName": "loss", "Value": "NaN"},
        {"MetricName": "auc", "Value": 0.9},
        {"MetricName": "f1", "Value": None},
    ]
    aws.says(
        200,
        {"TrainingJobStatus": "Completed", "FinalMetricDataList": metrics, "BillableTimeInSeconds": 12.0},
    )
    seen = open_account(OWN).training.describe("job-1")
    assert (dict(seen.metrics), seen.billable_seconds, seen.training_seconds) == ({"auc": 0.9}, 12, None)


def test_a_log_page_that_was_cut_off_is_not_the_end_of_the_log(aws: Scripted) -> None:
    aws.says(200, '{"events": [{"mess')
    with pytest.raises(AwsError, match="GetLogEvents was cut off"):
        open_account(OWN).logs.read("group", "job-1/algo-1-1", "f/1")


def test_all_streams_of_a_job_are_found_page_by_page(aws: Scripted) -> None:
    aws.says(200, {"logStreams": [{"logStreamName": "job-1/algo-1-1"}], "nextToken": "more"})
    aws.says(200, {"logStreams": [{"logStreamName": "job-1/algo-2-1"}]})
    assert open_account(OWN).logs.streams("group", "job-1/") == ["job-1/algo-1-1", "job-1/algo-2-1"]


def test_half_a_character_in_a_log_can_be_kept(aws: Scripted) -> None:
    aws.says(200, '{"events": [{"message": "a\\ud800\\u0000b"}], "nextForwardToken": "f/1"}')
    [line] = open_account(OWN).logs.read("group", "job-1/algo-1-1").lines
    assert line.encode() and "\x00" not in line


def test_messages_that_could_not_be_deleted_are_no_error(aws: Scripted) -> None:
    aws.says(200, {"Successful": [], "Failed": [{"Id": "0", "SenderFault": False, "Code": "InternalError"}]})
    open_account(OWN).queue(f"{aws.url}/123456789012/events").delete([QueueMessage("{}", "receipt")])
    assert aws.operations == ["DeleteMessageBatch"]


def test_expired_credentials_are_read_anew_at_the_next_try(aws: Scripted) -> None:
    before = sessions.client(OWN, "sagemaker")
    aws.says(400, {"__type": "ExpiredTokenException", "message": "The security token is expired"})
    with pytest.raises(AwsError) as caught:
        open_account(OWN).training.stop("job-1")
    assert caught.value.kind == "transient"
    assert sessions.client(OWN, "sagemaker") is not before


def test_a_role_without_credentials_to_assume_it_is_said_to_lack_them(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    for name in ("AWS_SHARED_CREDENTIALS_FILE", "AWS_CONFIG_FILE"):
        monkeypatch.setenv(name, "/nowhere")
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    sessions.forget()
    with pytest.raises(AwsError, match="no AWS credentials") as caught:
        open_account(AwsAccount("111122223333", REGION, "arn:aws:iam::111122223333:role/coe")).identity.account_id()
    assert caught.value.kind == "denied"
    sessions.forget()


def test_a_long_poll_is_waited_for_longer_than_it_lasts(aws: Scripted) -> None:
    assert sessions.client(OWN, "sqs").meta.config.read_timeout > 30


def test_a_link_is_signed_with_the_signature_that_encrypted_buckets_ask_for(aws: Scripted) -> None:
    assert "X-Amz-Algorithm=AWS4-HMAC-SHA256" in open_account(OWN).objects.presigned_url("bucket", "key")


def test_a_queue_is_asked_in_its_own_region() -> None:
    elsewhere = BotoQueue(OWN, "https://sqs.us-east-1.amazonaws.com/123456789012/events")
    assert (elsewhere.account.region, BotoQueue(OWN, "http://127.0.0.1:1/1/q").account.region) == ("us-east-1", REGION)


@pytest.mark.parametrize(
    ("status", "code", "kind"),
    [(409, "ConditionalRequestConflict", "transient"), (403, "AccessDenied", "denied"), (503, "SlowDown", "throttled")],
)
def test_a_package_that_somebody_else_is_writing_is_tried_again(
    aws: Scripted, status: int, code: str, kind: str
) -> None:
    aws.says(404, "")
    aws.says(status, f"<Error><Code>{code}</Code><Message>no</Message></Error>")
    with pytest.raises(AwsError) as caught:
        open_account(OWN).objects.put_if_absent("bucket", "key", b"x")
    assert caught.value.kind == kind


def test_a_store_without_conditions_is_written_to_all_the_same(aws: Scripted) -> None:
    aws.says(404, "")
    aws.says(501, "<Error><Code>NotImplemented</Code><Message>no</Message></Error>")
    aws.says(200, "")
    assert open_account(OWN).objects.put_if_absent("bucket", "key", b"x") is True
