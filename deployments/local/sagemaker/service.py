"""SageMaker's JSON protocol: a registry of operations by name."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from deployments.local import model
from deployments.local.faults import Gatekeeper
from deployments.local.wire import AwsError, Request, Response, json_error, json_response

Operation = Callable[["SageMaker", Request, dict[str, Any]], dict[str, Any]]
OPERATIONS: dict[str, Operation] = {}


def operation(name: str) -> Callable[[Operation], Operation]:
    """Register the function that carries out a SageMaker operation."""

    def register(function: Operation) -> Operation:
        OPERATIONS[name] = function
        return function

    return register


class SageMaker:
    """The service; ``jobs`` is the engine of training jobs."""

    def __init__(self, jobs: Any, gatekeeper: Gatekeeper) -> None:
        self.jobs, self.gatekeeper = jobs, gatekeeper

    def handle(self, request: Request) -> Response:
        name = request.headers.get("x-amz-target", "").partition(".")[2]
        self.gatekeeper.before(name, request.account, request.region)
        carry_out = OPERATIONS.get(name)
        if carry_out is None:
            raise AwsError("UnknownOperationException", f"The local SageMaker has no operation {name} yet.")
        params = request.json()
        model.check("sagemaker", name, params)
        answer = json_response(model.shaped("sagemaker", name, carry_out(self, request, params)))
        self.gatekeeper.after(name)
        return answer

    def error(self, error: AwsError) -> Response:
        return json_error(error)
