"""From an environment's row to AWS."""

from deployments.aws.boto import OpenAccount, open_account
from deployments.aws.gateway import AwsAccount
from deployments.models import Environment


def account_of(environment: Environment, actor: str = "") -> OpenAccount:
    """AWS as the environment says. ``actor`` is the username for whom a command is given; empty for watching."""
    return open_account(
        AwsAccount(
            account_id=environment.account_id,
            region=environment.region,
            role_arn=environment.role_arn,
            external_id=environment.external_id if environment.role_arn else "",
            actor=actor if environment.role_arn else "",
        )
    )
