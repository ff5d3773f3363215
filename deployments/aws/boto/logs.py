"""CloudWatch Logs over boto3."""

from deployments.aws.boto.calls import call
from deployments.aws.gateway import AwsAccount, LogPage

TRAINING_GROUP = "/aws/sagemaker/TrainingJobs"


class BotoLogs:
    """``gateway.Logs`` in one account and region."""

    def __init__(self, account: AwsAccount) -> None:
        self.account = account

    def streams(self, group: str, prefix: str) -> list[str]:
        answer = call(self.account, "logs", "DescribeLogStreams", logGroupName=group, logStreamNamePrefix=prefix)
        names = [str(stream.get("logStreamName") or "") for stream in answer.get("logStreams") or []]
        return sorted(name for name in names if name)

    def read(self, group: str, stream: str, token: str = "") -> LogPage:
        more = {"nextToken": token} if token else {}
        answer = call(
            self.account,
            "logs",
            "GetLogEvents",
            logGroupName=group,
            logStreamName=stream,
            startFromHead=True,
            **more,
        )
        lines = tuple(str(event.get("message") or "") for event in answer.get("events") or [])
        return LogPage(lines, str(answer.get("nextForwardToken") or token))
