"""SQS over boto3."""

from collections.abc import Sequence

from deployments.aws.boto.calls import call
from deployments.aws.gateway import AwsAccount, QueueMessage

BATCH = 10
VISIBILITY_SECONDS = 60


class BotoQueue:
    """``gateway.Queue``: one queue."""

    def __init__(self, account: AwsAccount, url: str) -> None:
        self.account, self.url = account, url

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
            call(self.account, "sqs", "DeleteMessageBatch", QueueUrl=self.url, Entries=entries)

    def waiting(self) -> int:
        answer = call(
            self.account,
            "sqs",
            "GetQueueAttributes",
            QueueUrl=self.url,
            AttributeNames=["ApproximateNumberOfMessages"],
        )
        return int((answer.get("Attributes") or {}).get("ApproximateNumberOfMessages", 0))
