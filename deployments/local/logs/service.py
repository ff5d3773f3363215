"""CloudWatch Logs' JSON protocol over the streams."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from deployments.local import model
from deployments.local.logs.streams import Streams, UnknownStream
from deployments.local.wire import AwsError, Request, Response, json_error, json_response, snake_case


class LogsService:
    """What a reader of logs needs, and PutLogEvents."""

    def __init__(self, streams: Streams) -> None:
        self.streams = streams

    def handle(self, request: Request) -> Response:
        name = request.headers["x-amz-target"].partition(".")[2]
        is_known = name in model.service("logs").operation_names
        found = getattr(self, f"_{snake_case(name)}", None) if is_known else None
        if found is None:
            raise AwsError("UnknownOperationException", f"The local CloudWatch Logs has no operation {name}.")
        operation: Callable[[dict[str, Any]], dict[str, Any]] = found
        params = request.json()
        model.check("logs", name, params)
        try:
            return json_response(operation(params))
        except UnknownStream:
            raise AwsError("ResourceNotFoundException", "The specified log stream does not exist.") from None

    def error(self, error: AwsError) -> Response:
        return json_error(error)

    def _describe_log_streams(self, params: dict[str, Any]) -> dict[str, Any]:
        group = params.get("logGroupName", "")
        names = self.streams.names(group, prefix=params.get("logStreamNamePrefix", ""))
        start, limit = int(params.get("nextToken") or 0), params.get("limit", 50)
        page = {"logStreams": [{"logStreamName": name} for name in names[start : start + limit]]}
        return page | ({"nextToken": str(start + limit)} if start + limit < len(names) else {})

    def _get_log_events(self, params: dict[str, Any]) -> dict[str, Any]:
        position = int(str(params.get("nextToken") or "f/0").rpartition("/")[2])
        page = self.streams.read(
            params.get("logGroupName", ""),
            params["logStreamName"],
            position=position,
            limit=params.get("limit", 10_000),
        )
        events = [{"timestamp": at, "message": message, "ingestionTime": at} for at, message in page.events]
        return {
            "events": events,
            "nextForwardToken": f"f/{page.next_position}",
            "nextBackwardToken": f"b/{position}",
        }

    def _put_log_events(self, params: dict[str, Any]) -> dict[str, Any]:
        for event in params["logEvents"]:
            self.streams.append(
                params["logGroupName"], params["logStreamName"], [event["message"]], at=event["timestamp"]
            )
        return {"nextSequenceToken": "0"}
