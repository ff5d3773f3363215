"""SQS's JSON protocol over the queues."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from typing import Any

from deployments.local import model
from deployments.local.sqs.messages import Message
from deployments.local.sqs.queues import Queues, UnknownQueue
from deployments.local.wire import AwsError, Request, Response, json_error, json_response, snake_case

LONGEST_WAIT, MOST_ENTRIES = 20, 10


class SqsService:
    """The operations that a consumer and its operator need."""

    def __init__(self, queues: Queues) -> None:
        self.queues = queues

    def handle(self, request: Request) -> Response:
        name = request.headers["x-amz-target"].partition(".")[2]
        is_known = name in model.service("sqs").operation_names
        found = getattr(self, f"_{snake_case(name)}", None) if is_known else None
        if found is None:
            raise AwsError("UnknownOperationException", f"The local SQS has no operation {name}.")
        operation: Callable[[Request, dict[str, Any]], dict[str, Any]] = found
        params = request.json()
        model.check("sqs", name, params)
        try:
            return json_response(operation(request, params), version="1.0")
        except UnknownQueue:
            raise AwsError(
                "com.amazonaws.sqs#QueueDoesNotExist",
                "The specified queue does not exist.",
                headers={"x-amzn-query-error": "AWS.SimpleQueueService.NonExistentQueue;Sender"},
            ) from None

    def error(self, error: AwsError) -> Response:
        return json_error(error, version="1.0")

    def _create_queue(self, request: Request, params: dict[str, Any]) -> dict[str, Any]:
        attributes = params.get("Attributes", {})
        self.queues.create(params["QueueName"], visibility=float(attributes.get("VisibilityTimeout", 30)))
        return {"QueueUrl": self._url(request, params["QueueName"])}

    def _get_queue_url(self, request: Request, params: dict[str, Any]) -> dict[str, Any]:
        self.queues.counts(params["QueueName"])
        return {"QueueUrl": self._url(request, params["QueueName"])}

    def _list_queues(self, request: Request, params: dict[str, Any]) -> dict[str, Any]:
        prefix = params.get("QueueNamePrefix", "")
        return {"QueueUrls": [self._url(request, name) for name in self.queues.names() if name.startswith(prefix)]}

    def _get_queue_attributes(self, request: Request, params: dict[str, Any]) -> dict[str, Any]:
        name = _queue(params)
        visible, hidden = self.queues.counts(name)
        every = {
            "ApproximateNumberOfMessages": str(visible),
            "ApproximateNumberOfMessagesNotVisible": str(hidden),
            "QueueArn": f"arn:aws:sqs:{request.region}:{request.account}:{name}",
        }
        wanted = params.get("AttributeNames", [])
        return {"Attributes": {key: value for key, value in every.items() if "All" in wanted or key in wanted}}

    def _send_message(self, request: Request, params: dict[str, Any]) -> dict[str, Any]:
        del request
        message_id = self.queues.send_event(_queue(params), params["MessageBody"], delay=params.get("DelaySeconds", 0))
        return {"MessageId": message_id, "MD5OfMessageBody": _md5(params["MessageBody"])}

    def _receive_message(self, request: Request, params: dict[str, Any]) -> dict[str, Any]:
        del request
        wait, most = params.get("WaitTimeSeconds", 0), params.get("MaxNumberOfMessages", 1)
        if not 0 <= wait <= LONGEST_WAIT or not 1 <= most <= 10:
            raise AwsError("InvalidParameterValue", "WaitTimeSeconds is 0 to 20, MaxNumberOfMessages 1 to 10.")
        taken = self.queues.receive(_queue(params), most=most, wait=wait, visibility=params.get("VisibilityTimeout"))
        return {"Messages": [_message(message, receipt) for message, receipt in taken]} if taken else {}

    def _delete_message(self, request: Request, params: dict[str, Any]) -> dict[str, Any]:
        del request
        self.queues.delete(_queue(params), params["ReceiptHandle"])
        return {}

    def _delete_message_batch(self, request: Request, params: dict[str, Any]) -> dict[str, Any]:
        del request
        entries = params["Entries"]
        if not 1 <= len(entries) <= MOST_ENTRIES:
            raise AwsError("com.amazonaws.sqs#TooManyEntriesInBatchRequest", "A batch holds 1 to 10 entries.")
        if len({entry["Id"] for entry in entries}) != len(entries):
            raise AwsError("com.amazonaws.sqs#BatchEntryIdsNotDistinct", "Two entries of the batch have the same Id.")
        for entry in entries:
            self.queues.delete(_queue(params), entry["ReceiptHandle"])
        return {"Successful": [{"Id": entry["Id"]} for entry in params["Entries"]], "Failed": []}

    def _change_message_visibility(self, request: Request, params: dict[str, Any]) -> dict[str, Any]:
        del request
        self.queues.change_visibility(_queue(params), params["ReceiptHandle"], params["VisibilityTimeout"])
        return {}

    def _purge_queue(self, request: Request, params: dict[str, Any]) -> dict[str, Any]:
        del request
        self.queues.purge(_queue(params))
        return {}

    def _delete_queue(self, request: Request, params: dict[str, Any]) -> dict[str, Any]:
        del request
        self.queues.drop(_queue(params))
        return {}

    @staticmethod
    def _url(request: Request, name: str) -> str:
        return f"{request.base_url}/{request.account}/{name}"


def _queue(params: dict[str, Any]) -> str:
    return str(params["QueueUrl"]).rstrip("/").rsplit("/", 1)[-1]


def _md5(text: str) -> str:
    return hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()


def _message(message: Message, receipt: str) -> dict[str, Any]:
    return {
        "MessageId": message.id,
        "ReceiptHandle": receipt,
        "Body": message.body,
        "MD5OfBody": _md5(message.body),
        "Attributes": {
            "ApproximateReceiveCount": str(message.received),
            "SentTimestamp": json.dumps(int(message.sent_at * 1000)),
        },
    }
