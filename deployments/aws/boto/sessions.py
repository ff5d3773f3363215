"""Sessions and clients: which credentials, which region, how patient."""

import os
import re
from functools import lru_cache
from typing import Any

import boto3
import botocore.session
from botocore.config import Config
from botocore.credentials import AssumeRoleCredentialFetcher, DeferredRefreshableCredentials

from deployments.aws.gateway import AwsAccount

WATCHER = "coe-portal"
SESSION_SECONDS = 3600  # the most that role chaining allows
# One try per call: the retry time is a column of the row, and the rate limiter is shared by all processes.
_PATIENCE = {"connect_timeout": 5, "read_timeout": 20, "user_agent_extra": "coe-portal"}
_ONE_TRY = Config(retries={"total_max_attempts": 1, "mode": "standard"}, **_PATIENCE)  # type: ignore[arg-type]
_FEW_TRIES = Config(
    retries={"total_max_attempts": 3, "mode": "standard"},
    s3={"addressing_style": "auto"},
    max_pool_connections=4,
    **_PATIENCE,  # type: ignore[arg-type]
)


def client(account: AwsAccount, service: str) -> Any:
    """A boto3 client, made once per process, account, region, actor and service. Raises botocore's errors."""
    return _client(os.getpid(), account, service)


def forget() -> None:
    """Drop all sessions and clients, as after a change of the environment's endpoints."""
    _client.cache_clear()
    _session.cache_clear()


@lru_cache(maxsize=64)
def _client(process: int, account: AwsAccount, service: str) -> Any:
    """``process`` is part of the key because connections must not be shared across a fork."""
    config = _ONE_TRY if service == "sagemaker" else _FEW_TRIES
    session: Any = _session(process, account)
    return session.client(service, region_name=account.region, config=config)


@lru_cache(maxsize=32)
def _session(process: int, account: AwsAccount) -> boto3.Session:
    if not account.role_arn:
        return boto3.Session(region_name=account.region)
    own = boto3.Session(region_name=account.region)
    core = botocore.session.Session()
    fetcher = AssumeRoleCredentialFetcher(
        client_creator=own._session.create_client,
        source_credentials=own.get_credentials(),
        role_arn=account.role_arn,
        extra_args=_assume(account),
    )
    core._credentials = DeferredRefreshableCredentials(  # type: ignore[attr-defined]
        method="assume-role", refresh_using=fetcher.fetch_credentials
    )
    core.set_config_variable("region", account.region)
    return boto3.Session(botocore_session=core)


def _assume(account: AwsAccount) -> dict[str, Any]:
    assume: dict[str, Any] = {"RoleSessionName": session_name(account.actor), "DurationSeconds": SESSION_SECONDS}
    return assume | ({"ExternalId": account.external_id} if account.external_id else {})


def session_name(actor: str) -> str:
    """The name that CloudTrail shows: the portal's, and for a command the person's (STS: 2–64 of ``\\w+=,.@-``)."""
    person = re.sub(r"[^A-Za-z0-9_+=,.@-]", "-", actor)
    return f"{WATCHER}-{person}"[:64] if person else WATCHER
