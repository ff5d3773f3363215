"""S3's REST protocol: the operations that the portal and boto3's simple calls use."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from datetime import UTC, datetime
from email.utils import formatdate
from urllib.parse import quote, unquote
from xml.sax.saxutils import escape

from deployments.local.s3.objects import Objects, Stored
from deployments.local.wire import AwsError, Request, Response

XMLNS = 'xmlns="http://s3.amazonaws.com/doc/2006-03-01/"'
BUCKET_NAME = re.compile(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]")
MAX_KEY = 1024


class S3Service:
    """Buckets and objects. What is missing (multipart, versions, policies) answers NotImplemented."""

    def __init__(self, objects: Objects) -> None:
        self.objects = objects

    def handle(self, request: Request) -> Response:
        bucket, _, key = unquote(request.path.lstrip("/")).partition("/")
        if not bucket:
            return self._buckets()
        if key:
            return self._object(request, bucket, key)
        return self._bucket(request, bucket)

    def error(self, error: AwsError) -> Response:
        body = f"<Error><Code>{error.code}</Code><Message>{escape(error.message)}</Message></Error>"
        return Response(error.status, body.encode(), {"Content-Type": "application/xml"})

    def _buckets(self) -> Response:
        rows = "".join(
            f"<Bucket><Name>{name}</Name><CreationDate>{_iso(created)}</CreationDate></Bucket>"
            for name, created in self.objects.buckets()
        )
        return _xml(f"<ListAllMyBucketsResult {XMLNS}><Buckets>{rows}</Buckets></ListAllMyBucketsResult>")

    def _bucket(self, request: Request, bucket: str) -> Response:
        if request.method == "PUT":
            if not BUCKET_NAME.fullmatch(bucket):
                raise AwsError("InvalidBucketName", "The specified bucket is not valid.")
            if not self.objects.create_bucket(bucket):
                raise AwsError(
                    "BucketAlreadyOwnedByYou", "Your previous request to create the named bucket succeeded.", 409
                )
            return Response(200, headers={"Location": f"/{bucket}"})
        self._require(bucket)
        if request.method == "HEAD":
            return Response(200, headers={"x-amz-bucket-region": request.region})
        if request.method == "POST" and "delete" in request.query:
            return self._delete_many(request, bucket)
        if request.method == "GET":
            return self._read(request, bucket)
        raise _missing(request, "a bucket")

    def _read(self, request: Request, bucket: str) -> Response:
        if "location" in request.query:
            return _xml(f"<LocationConstraint {XMLNS}>{request.region}</LocationConstraint>")
        if "versions" in request.query:
            return self._versions(request, bucket)
        if not set(request.query) & {"policy", "versioning", "uploads", "tagging", "acl"}:
            return self._list(request, bucket)
        raise _missing(request, "a bucket")

    def _require(self, bucket: str) -> None:
        if not self.objects.has_bucket(bucket):
            raise AwsError("NoSuchBucket", "The specified bucket does not exist", 404)

    def _list(self, request: Request, bucket: str) -> Response:
        def text(name: str) -> str:
            return request.query.get(name, [""])[0]

        limit = min(int(text("max-keys") or 1000), 1000)
        after = text("continuation-token") or text("start-after") or text("marker")
        found = self.objects.list(bucket, prefix=text("prefix"), after=after, limit=limit + 1)
        more, found = len(found) > limit, found[:limit]
        encode = quote if text("encoding-type") == "url" else escape
        rows = "".join(
            f"<Contents><Key>{encode(item.key)}</Key><LastModified>{_iso(item.modified)}</LastModified>"
            f"<ETag>&quot;{item.etag}&quot;</ETag><Size>{item.size}</Size></Contents>"
            for item in found
        )
        token = f"<NextContinuationToken>{escape(found[-1].key)}</NextContinuationToken>" if more else ""
        return _xml(
            f"<ListBucketResult {XMLNS}><Name>{bucket}</Name><Prefix>{encode(text('prefix'))}</Prefix>"
            f"<EncodingType>{text('encoding-type')}</EncodingType><KeyCount>{len(found)}</KeyCount>"
            f"<MaxKeys>{limit}</MaxKeys><IsTruncated>{str(more).lower()}</IsTruncated>{token}{rows}</ListBucketResult>"
        )

    def _versions(self, request: Request, bucket: str) -> Response:
        """Buckets here keep no old versions, so each object is its own latest version, named null as in Amazon S3."""

        def text(name: str) -> str:
            return request.query.get(name, [""])[0]

        limit = min(int(text("max-keys") or 1000), 1000)
        found = self.objects.list(bucket, prefix=text("prefix"), after=text("key-marker"), limit=limit + 1)
        more, found = len(found) > limit, found[:limit]
        encode = quote if text("encoding-type") == "url" else escape
        rows = "".join(
            f"<Version><Key>{encode(item.key)}</Key><VersionId>null</VersionId><IsLatest>true</IsLatest>"
            f"<LastModified>{_iso(item.modified)}</LastModified><ETag>&quot;{item.etag}&quot;</ETag>"
            f"<Size>{item.size}</Size><StorageClass>STANDARD</StorageClass></Version>"
            for item in found
        )
        marks = f"<NextKeyMarker>{encode(found[-1].key)}</NextKeyMarker>" if more else ""
        marks += "<NextVersionIdMarker>null</NextVersionIdMarker>" if more else ""
        return _xml(
            f"<ListVersionsResult {XMLNS}><Name>{bucket}</Name><Prefix>{encode(text('prefix'))}</Prefix>"
            f"<EncodingType>{text('encoding-type')}</EncodingType><MaxKeys>{limit}</MaxKeys>"
            f"<IsTruncated>{str(more).lower()}</IsTruncated>{marks}{rows}</ListVersionsResult>"
        )

    def _delete_many(self, request: Request, bucket: str) -> Response:
        tree = ET.fromstring(request.body)  # noqa: S314  see above
        keys = [node.text or "" for node in tree.iter() if node.tag.endswith("Key")]
        for key in keys:
            self.objects.delete(bucket, key)
        rows = "".join(f"<Deleted><Key>{escape(key)}</Key></Deleted>" for key in keys)
        return _xml(f"<DeleteResult {XMLNS}>{rows}</DeleteResult>")

    def _object(self, request: Request, bucket: str, key: str) -> Response:
        self._require(bucket)
        if len(key.encode()) > MAX_KEY:
            raise AwsError("KeyTooLongError", "Your key is too long")
        if set(request.query) & {"uploads", "uploadId", "tagging", "acl"}:
            raise _missing(request, "an object")
        if request.method == "PUT" and "x-amz-copy-source" in request.headers:
            raise _missing(request, "an object", "copy")
        if request.method == "PUT":
            return self._put(request, bucket, key)
        if request.method == "DELETE":
            self.objects.delete(bucket, key)
            return Response(204)
        stored = self.objects.get(bucket, key)
        if stored is None:
            raise AwsError("NoSuchKey", "The specified key does not exist.", 404)
        return _content(request, stored)

    def _put(self, request: Request, bucket: str, key: str) -> Response:
        if request.headers.get("if-none-match") == "*" and self.objects.get(bucket, key):
            raise AwsError("PreconditionFailed", "At least one of the pre-conditions you specified did not hold", 412)
        content_type = request.headers.get("content-type", "binary/octet-stream")
        stored = self.objects.put(bucket, key, request.body, content_type)
        return Response(200, headers={"ETag": f'"{stored.etag}"'})


def _missing(request: Request, what: str, word: str = "") -> AwsError:
    """Names the operation as S3's documentation does: the method and the word in the query."""
    words = [name for name in sorted(request.query) if name != "x-id"] or [word]
    return AwsError(
        "NotImplemented", f"The local S3 has no operation {request.method} {'&'.join(words)} on {what}.", 501
    )


def _content(request: Request, stored: Stored) -> Response:
    headers = {
        "ETag": f'"{stored.etag}"',
        "Last-Modified": formatdate(stored.modified, usegmt=True),
        "Content-Type": stored.content_type,
        "Accept-Ranges": "bytes",
    }
    if wanted := request.query.get("response-content-disposition"):
        headers["Content-Disposition"] = wanted[0]
    part = re.fullmatch(r"bytes=(\d+)-(\d*)", request.headers.get("range", ""))
    if part is None:
        return Response(200, headers=headers, file=(stored.file, 0, stored.size))
    start = int(part[1])
    if start >= stored.size:
        raise AwsError("InvalidRange", "The requested range is not satisfiable", 416)
    end = min(int(part[2] or stored.size - 1), stored.size - 1)
    headers["Content-Range"] = f"bytes {start}-{end}/{stored.size}"
    return Response(206, headers=headers, file=(stored.file, start, end - start + 1))


def _xml(body: str) -> Response:
    return Response(200, f'<?xml version="1.0" encoding="UTF-8"?>{body}'.encode(), {"Content-Type": "application/xml"})


def _iso(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%S.000Z")
