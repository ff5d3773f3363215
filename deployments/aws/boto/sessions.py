"""Sessions and clients: which credentials, which region, how patient."""

import os
import re
import threading
from functools import lru_cache, partial
from typing import Any

import boto3
import botocore.session
from botocore.config import Config
from botocore.credentials import AssumeRoleCredentialFetcher, DeferredRefreshableCredentials
from botocore.exceptions import NoCredentialsError

from deployments.aws.gateway import AwsAccount

WATCHER = "coe-portal"
SESSION_SECONDS = 3600  # the most that role chaining allows
# One try per call: the retry time is a column of the row, and the rate limiter is shared by all processes.
_PATIENCE = {"connect_timeout": 5, "read_timeout": 20, "user_agent_extra": "coe-portal"}
_ONE_TRY = Config(retries={"total_max_attempts": 1, "mode": "standard"}, **_PATIENCE)  # type: ignore[arg-type]
_FEW_TRIES = Config(
    retries={"total_max_attempts": 3, "mode": "standard"},
    max_pool_connections=4,
    **_PATIENCE,  # type: ignore[arg-type]
)
# Version 4: the old signature, which boto3 still takes for links, is refused for what is encrypted with a KMS key.
_S3 = _FEW_TRIES.merge(Config(s3={"addressing_style": "auto"}, signature_version="s3v4"))
# A long poll is answered after 20 seconds; who waits exactly as long hangs up on the messages.
_SQS = _FEW_TRIES.merge(Config(read_timeout=40))
_CONFIGS = {"sagemaker": _ONE_TRY, "s3": _S3, "sqs": _SQS}
_making = threading.RLock()


def client(account: AwsAccount, service: str) -> Any:
    """A boto3 client, made once per process, account, region, actor and service. Raises botocore's errors."""
    with _making:  # clients may be shared by threads, making them may not
        return _client(os.getpid(), account, service)


def forget() -> None:
    """Drop all sessions and clients, as when their credentials have expired."""
    with _making:
        _client.cache_clear()
        _session.cache_clear()


@lru_cache(maxsize=64)
def _client(process: int, account: AwsAccount, service: str) -> Any:
    """``process`` is part of the key because connections must not be shared across a fork."""
    session: Any = _session(process, account)
    return session.client(service, region_name=account.region, config=_CONFIGS.get(service, _FEW_TRIES))


@lru_cache(maxsize=32)
def _session(process: int, account: AwsAccount) -> boto3.Session:
    if not account.role_arn:
        return boto3.Session(region_name=account.region)
    own = boto3.Session(region_name=account.region)
    if (source := own.get_credentials()) is None:
        raise NoCredentialsError
    core = botocore.session.Session()
    fetcher = AssumeRoleCredentialFetcher(
        client_creator=partial(own._session.create_client, config=_FEW_TRIES),
        source_credentials=source,
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
