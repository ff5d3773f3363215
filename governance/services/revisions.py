"""What a request asks for, compared with what was asked for before."""

from governance.models import ApprovalRequest
from governance.policies.differences import Difference, differences


def previous_of(request: ApprovalRequest) -> ApprovalRequest | None:
    """The request that was made before this one for the same subject and action, if there is one."""
    earlier = ApprovalRequest.objects.filter(subject=request.subject, action=request.action, pk__lt=request.pk)
    return earlier.order_by("-pk").first()


def changes_of(request: ApprovalRequest) -> list[Difference]:
    """What changed since the previous request; empty for a first one."""
    if hasattr(request, "previous_specification"):  # read along with the row
        before = request.previous_specification
    else:
        previous = previous_of(request)
        before = previous.specification if previous else None
    return differences(before, request.specification) if before else []
