"""S3 over boto3."""

from typing import Any

from deployments.aws.boto.calls import call, translated
from deployments.aws.boto.sessions import client
from deployments.aws.errors import AwsError, ErrorKind
from deployments.aws.gateway import AwsAccount

PAGE = 1000


class BotoObjects:
    """``gateway.Objects`` in one account and region."""

    def __init__(self, account: AwsAccount) -> None:
        self.account = account

    def put_if_absent(self, bucket: str, key: str, content: bytes) -> bool:
        """Store the object unless the key is taken. True when it was stored now."""
        if self.exists(bucket, key):
            return False
        try:
            call(self.account, "s3", "PutObject", Bucket=bucket, Key=key, Body=content, IfNoneMatch="*")
        except AwsError as error:
            if error.kind is ErrorKind.ALREADY_EXISTS:
                return False
            if error.kind is ErrorKind.CONFLICT:
                told = f"Somebody else is writing s3://{bucket}/{key}."
                raise AwsError(ErrorKind.TRANSIENT, told, error.code) from error
            if error.kind is not ErrorKind.UNSUPPORTED:
                raise
            self.put(bucket, key, content)  # a store that knows no conditions
        return True

    def put(self, bucket: str, key: str, content: bytes) -> None:
        call(self.account, "s3", "PutObject", Bucket=bucket, Key=key, Body=content)

    def get(self, bucket: str, key: str) -> bytes:
        answer = call(self.account, "s3", "GetObject", Bucket=bucket, Key=key)
        content: bytes = translated(lambda: answer["Body"].read(), self.account)
        return content

    def delete(self, bucket: str, key: str) -> None:
        call(self.account, "s3", "DeleteObject", Bucket=bucket, Key=key)

    def exists(self, bucket: str, key: str) -> bool:
        try:
            call(self.account, "s3", "HeadObject", Bucket=bucket, Key=key)
        except AwsError as error:
            # Without the right to list, S3 answers 403 for what is missing as well.
            if error.kind is ErrorKind.NOT_FOUND or error.code == "403":
                return False
            raise
        return True

    def list_keys(self, bucket: str, prefix: str, *, limit: int = 1000) -> list[str]:
        keys: list[str] = []
        more: dict[str, str] = {}
        while len(keys) < limit:
            size = min(PAGE, limit - len(keys))
            answer = call(self.account, "s3", "ListObjectsV2", Bucket=bucket, Prefix=prefix, MaxKeys=size, **more)
            keys += [item["Key"] for item in answer.get("Contents") or []]
            if not answer.get("IsTruncated") or not answer.get("NextContinuationToken"):
                break
            more = {"ContinuationToken": answer["NextContinuationToken"]}
        return keys

    def versions(self, bucket: str, prefix: str, *, limit: int = 1000) -> list[str]:
        keys: list[str] = []
        more: dict[str, str] = {}
        while len(keys) < limit:
            size = min(PAGE, limit - len(keys))
            answer = call(self.account, "s3", "ListObjectVersions", Bucket=bucket, Prefix=prefix, MaxKeys=size, **more)
            if answer.get("IsTruncated") is None:
                raise AwsError(ErrorKind.TRANSIENT, "AWS's answer to ListObjectVersions was cut off.")
            keys += [item["Key"] for item in answer.get("Versions") or []]
            if not answer["IsTruncated"]:
                break
            marks = {"KeyMarker": "NextKeyMarker", "VersionIdMarker": "NextVersionIdMarker"}
            more = {name: answer[mark] for name, mark in marks.items() if answer.get(mark)}
        return keys

    def presigned_url(self, bucket: str, key: str, *, seconds: int = 300) -> str:
        params: dict[str, Any] = {"Bucket": bucket, "Key": key}
        made: str = translated(
            lambda: client(self.account, "s3").generate_presigned_url("get_object", Params=params, ExpiresIn=seconds),
            self.account,
        )
        return made

    def bucket_region(self, bucket: str) -> str:
        answer = call(self.account, "s3", "HeadBucket", Bucket=bucket)
        return str(answer.get("BucketRegion") or "")
