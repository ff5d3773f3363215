"""Where a run's model can be downloaded for a few minutes."""

from urllib.parse import urlsplit

from coe_portal.core.errors import StaleState
from deployments.models import Run
from deployments.reconcile.accounts import account_of

SECONDS = 300


def download_address(run: Run) -> str:
    """A signed address of the artifact, good for five minutes; signing happens here, the object is not read.

    Raises:
        StaleState: the run has left no artifact.
        AwsError: the portal has no credentials to sign with.
    """
    if not run.artifact_uri:
        raise StaleState(f"{run} left no artifact to download.")
    place = urlsplit(run.artifact_uri)
    objects = account_of(run.environment).objects
    return objects.presigned_url(place.netloc, place.path.lstrip("/"), seconds=SECONDS)
