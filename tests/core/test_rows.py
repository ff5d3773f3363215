"""Lists by the short way hold exactly what REST framework's own way would."""

from types import SimpleNamespace
from typing import Any

import pytest
from rest_framework import serializers

from coe_portal.core.api.rows import represent_all
from coe_portal.core.api.serializers import AuditEntrySerializer, TokenSerializer, UserSerializer
from coe_portal.core.models import ApiToken, AuditEntry, User
from coe_portal.core.services import tokens


class Inner(serializers.Serializer):
    size = serializers.DecimalField(max_digits=8, decimal_places=2, allow_null=True)


class Odd(serializers.Serializer):
    """Everything that is out of the ordinary."""

    text = serializers.CharField()
    number = serializers.IntegerField()
    called = serializers.CharField(source="spell")
    deep = serializers.CharField(source="friend.name", default="nobody")
    skipped = serializers.CharField(source="friend.colour", required=False)
    nothing = serializers.CharField(source="friend.job", allow_null=True)
    secret = serializers.CharField(write_only=True)
    words = serializers.ListField(child=serializers.CharField())
    inner = Inner()
    whole = Inner(source="*")
    several = Inner(many=True)
    told = serializers.SerializerMethodField()

    def get_told(self, row: Any) -> str:
        return f"told {row['text'] if isinstance(row, dict) else row.text}"


def _row(**changes: Any) -> SimpleNamespace:
    inner = SimpleNamespace(size="3.14159")
    values = {
        "text": "a",
        "number": "7",
        "spell": lambda: "called",
        "friend": None,
        "words": ["x", 1],
        "size": "2",
        "inner": inner,
        "several": [inner, SimpleNamespace(size=None)],
    }
    return SimpleNamespace(**values | changes)


ROWS = [
    _row(),
    _row(text=12, friend=SimpleNamespace(name="Ada", colour="red", job="driver")),
    _row(friend=SimpleNamespace(name=None, job=None), inner=None),
    vars(_row(spell="said", inner={"size": 1})),
]


def test_odd_fields_come_out_as_the_serializer_says() -> None:
    expected = Odd(ROWS, many=True).data
    assert represent_all(Odd(), ROWS) == expected
    assert "skipped" not in expected[0] and expected[1]["skipped"] == "red"


def test_a_serializer_with_a_representation_of_its_own_keeps_it() -> None:
    class Shouting(Odd):
        def to_representation(self, instance: Any) -> Any:
            return {"text": "A!"}

    assert represent_all(Shouting(), ROWS[:1]) == [{"text": "A!"}]


def test_what_the_serializer_refuses_is_refused() -> None:
    with pytest.raises(AttributeError, match="text"):
        represent_all(Odd(), [SimpleNamespace()])


def test_the_kernels_lists_are_the_same_both_ways(ada: User, lead: User) -> None:
    tokens.create_token(user=ada, scopes=["read"], days=1, name="ci", actor=lead)
    for serializer, rows in (
        (UserSerializer, User.objects.all()),
        (TokenSerializer, ApiToken.objects.all()),
        (AuditEntrySerializer, AuditEntry.objects.for_list()),
    ):
        assert represent_all(serializer(), rows) == serializer(rows, many=True).data != []
