"""CloudWatch Logs over boto3."""

from deployments.aws.boto.calls import call
from deployments.aws.events import text
from deployments.aws.gateway import AwsAccount, LogPage

MOST_PAGES = 10


class BotoLogs:
    """``gateway.Logs`` in one account and region."""

    def __init__(self, account: AwsAccount) -> None:
        self.account = account

    def streams(self, group: str, prefix: str) -> list[str]:
        names: list[str] = []
        wanted = {"logGroupName": group, "logStreamNamePrefix": prefix}
        for _ in range(MOST_PAGES):
            answer = call(self.account, "logs", "DescribeLogStreams", **wanted)
            names += [text(stream.get("logStreamName")) for stream in answer["logStreams"]]
            if not answer.get("nextToken"):
                break
            wanted["nextToken"] = answer["nextToken"]
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
        lines = tuple(text(event.get("message")) for event in answer.get("events") or [])
        return LogPage(lines, text(answer["nextForwardToken"]))
