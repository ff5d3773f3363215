import pytest

from coe_portal.core.models import User
from coe_portal.core.services import tokens


@pytest.fixture
def ada(db: None) -> User:
    return User.objects.create_user("ada", "correct horse battery", display_name="Ada Byron")


@pytest.fixture
def lead(db: None) -> User:
    return User.objects.create_user(
        "lead", "correct horse battery", display_name="Marta Veiga", site_roles=["coe_lead"]
    )


@pytest.fixture
def auditor(db: None) -> User:
    return User.objects.create_user("auditor", "correct horse", display_name="Otto Kern", site_roles=["auditor"])


def bearer(user: User, *scopes: str) -> dict[str, str]:
    """Headers of a caller with a fresh token."""
    _, token = tokens.create_token(user=user, scopes=list(scopes) or ["read"], days=1, name="test", actor=user)
    return {"Authorization": f"Bearer {token}"}
