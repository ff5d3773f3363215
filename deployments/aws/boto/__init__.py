"""The gateway, spoken through boto3. ``open_account`` is the way in."""

from dataclasses import dataclass

from deployments.aws.boto.identity import BotoIdentity
from deployments.aws.boto.logs import BotoLogs
from deployments.aws.boto.objects import BotoObjects
from deployments.aws.boto.queue import BotoQueue
from deployments.aws.boto.training import BotoTraining
from deployments.aws.gateway import AwsAccount, Identity, Logs, Objects, Queue, Training


@dataclass(frozen=True, slots=True)
class OpenAccount:
    """Everything that can be asked for in one account and region."""

    account: AwsAccount
    training: Training
    objects: Objects
    logs: Logs
    identity: Identity

    def queue(self, url: str) -> Queue:
        return BotoQueue(self.account, url)


def open_account(account: AwsAccount) -> OpenAccount:
    """Get ready to work in an account. Makes no call; clients are made when first used."""
    return OpenAccount(account, BotoTraining(account), BotoObjects(account), BotoLogs(account), BotoIdentity(account))
