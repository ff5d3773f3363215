"""SQS over boto3."""

import re
from collections.abc import Sequence
from dataclasses import replace

import structlog

from deployments.aws.boto.calls import call
from deployments.aws.gateway import AwsAccount, QueueMessage

log = structlog.get_logger(__name__)
BATCH = 10
VISIBILITY_SECONDS = 60


class BotoQueue:
    """``gateway.Queue``: one queue."""

    def __init__(self, account: AwsAccount, url: str) -> None:
        # A queue of the organisation's hub may lie in another region than the jobs.
        found = re.match(r"https://sqs\.([a-z0-9-]+)\.amazonaws\.com", url)
        self.account, self.url = replace(account, region=found[1]) if found else account, url

    def receive(self, *, wait_seconds: int) -> list[QueueMessage]:
        answer = call(
            self.account,
            "sqs",
            "ReceiveMessage",
            QueueUrl=self.url,
            MaxNumberOfMessages=BATCH,
            WaitTimeSeconds=wait_seconds,
            VisibilityTimeout=VISIBILITY_SECONDS,
        )
        messages = answer.get("Messages") or []
        return [
            QueueMessage(str(message.get("Body") or ""), message["ReceiptHandle"])
            for message in messages
            if message.get("ReceiptHandle")
        ]

    def delete(self, messages: Sequence[QueueMessage]) -> None:
        for start in range(0, len(messages), BATCH):
            entries = [
                {"Id": str(position), "ReceiptHandle": message.receipt}
                for position, message in enumerate(messages[start : start + BATCH])
            ]
            answer = call(self.account, "sqs", "DeleteMessageBatch", QueueUrl=self.url, Entries=entries)
            if failed := answer.get("Failed"):
                # They come again and are then known.
                codes = sorted({str(entry.get("Code")) for entry in failed})
                log.warning("messages_not_deleted", queue=self.url, count=len(failed), codes=codes)

    def waiting(self) -> int:
        answer = call(
            self.account,
            "sqs",
            "GetQueueAttributes",
            QueueUrl=self.url,
            AttributeNames=["ApproximateNumberOfMessages"],
        )
        return int((answer.get("Attributes") or {}).get("ApproximateNumberOfMessages", 0))
