"""STS over boto3."""

from deployments.aws.boto.calls import call
from deployments.aws.gateway import AwsAccount


class BotoIdentity:
    """``gateway.Identity`` of the credentials in use."""

    def __init__(self, account: AwsAccount) -> None:
        self.account = account

    def account_id(self) -> str:
        return str(call(self.account, "sts", "GetCallerIdentity").get("Account") or "")
