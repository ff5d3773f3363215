"""How every test runs."""

from collections.abc import Iterator
from copy import deepcopy
from typing import Any

import pytest
from django.db import connections
from hypothesis import HealthCheck, settings

from governance.policies import loader
from governance.services import policies
from projects.services import concepts, gaps
from tests import arranged, prepared

# A busy machine draws slowly; that says nothing about the rules that the properties are about.
settings.register_profile("portal", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("portal")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What waits longest begins first, beside tests that compute, so that no worker is alone with it at the end."""
    items.sort(key=lambda item: "test_chaos.py" not in item.nodeid)


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup() -> None:
    arranged.begin()


@pytest.fixture(autouse=True)
def _no_policy_of_another_test() -> None:
    """In the tests' database a label means another document in every test; elsewhere it never changes."""
    policies.policy_of.cache_clear()
    concepts.intake_rules.cache_clear()
    gaps.rules_of_version.cache_clear()


@pytest.fixture(scope="session", autouse=True)
def _shipped_policies_are_read_once() -> Iterator[None]:
    """Most tests begin with one, and reading it costs more than all that follows. Every other text is read anew."""
    read, shipped = loader.load, {policies.DEFAULT.read_text(), policies.STRICTER.read_text()}
    known: dict[str, dict[str, Any]] = {}

    def load(source: str) -> dict[str, Any]:
        if source not in shipped:
            return read(source)
        if source not in known:
            known[source] = read(source)
        return deepcopy(known[source])

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(loader, "load", load)
        yield


@pytest.fixture(scope="session")
def django_db_modify_db_settings(django_db_modify_db_settings_parallel_suffix: None) -> None:
    """A worker's database is a copy of the one that was migrated for all."""
    connections["default"].settings_dict["TEST"]["TEMPLATE"] = prepared.template() or None
