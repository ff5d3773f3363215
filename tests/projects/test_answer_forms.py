"""The forms of answers, which the criteria of policies make."""

from pathlib import Path

import pytest

from governance.policies import loader
from governance.services import policies
from projects.forms import AnswerForm
from projects.forms.answers import READ_AT
from projects.models import Criterion


@pytest.mark.django_db
@pytest.mark.parametrize("shipped", [policies.DEFAULT, policies.STRICTER], ids=["default", "stricter"])
def test_every_field_that_a_shipped_policy_asks_for_is_drawn_and_kept(shipped: Path) -> None:
    for item in loader.load(shipped.read_text())["criteria"]:
        fields = item["answer_schema"]["properties"]
        form = AnswerForm(Criterion(code=item["code"], answer_schema=item["answer_schema"]), {"sent": "1"})
        assert form.is_valid() and set(form.answer()) == set(fields), item["code"]
    sent = {"technical_documentation-version": "2.1", "technical_documentation-_version": "7"}
    schema = {"type": "object", "properties": {"version": {"type": "string"}}}
    form = AnswerForm(Criterion(code="technical_documentation", answer_schema=schema, version=7), sent)
    assert form.is_valid() and form.answer() == {"version": "2.1"} and form.cleaned_data[READ_AT] == 7
