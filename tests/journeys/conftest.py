"""One project on its way, with a run and a decided approval, for everybody to look at."""

from tests.deployments.conftest import lead, local, people, scientist, shelf

__all__ = ["lead", "local", "people", "scientist", "shelf"]
