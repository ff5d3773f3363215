"""Form controls that pages show often."""

from typing import Any

from django import forms
from django.forms.utils import flatatt
from django.utils.safestring import SafeString

from coe_portal.core.templatetags.coe_ui import compiled


class PlainSelect(forms.Select):
    """A select drawn in one go: a template for each option costs more than the rows of a list."""

    def render(self, name: str, value: Any, attrs: dict[str, Any] | None = None, renderer: Any = None) -> SafeString:
        del renderer
        context = self.get_context(name, value, attrs)["widget"]
        options = [option for _, group, _ in context["optgroups"] for option in group]
        return compiled("parts/select.jinja", name=name, attributes=flatatt(context["attrs"]), options=options)
