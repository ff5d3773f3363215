"""How every test runs."""

import pytest
from hypothesis import HealthCheck, settings

from governance.services import policies
from projects.services import gaps

# A busy machine draws slowly; that says nothing about the rules that the properties are about.
settings.register_profile("portal", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("portal")


@pytest.fixture(autouse=True)
def _no_policy_of_another_test() -> None:
    """In the tests' database a label means another document in every test; elsewhere it never changes."""
    policies.policy_of.cache_clear()
    gaps.rules_of_version.cache_clear()
