"""``{% url %}`` with remembered addresses, for every template; what Django's says and refuses it says and refuses."""

from typing import Any

from django import template
from django.template import defaulttags
from django.template.base import Parser, Token

from coe_portal.core.addresses import path_to

register = template.Library()


class KnownUrl(defaulttags.URLNode):
    """Asks the resolver once for each address that a process draws. Arguments by name go Django's way."""

    def render(self, context: Any) -> str:
        if self.kwargs or self.asvar:
            return super().render(context)
        args = [arg.resolve(context) for arg in self.args]
        return path_to(str(self.view_name.resolve(context)), *args)


@register.tag
def url(parser: Parser, token: Token) -> KnownUrl:
    """As Django's. Usage: {% url "projects:detail" project.key %}"""
    node = defaulttags.url(parser, token)
    return KnownUrl(node.view_name, node.args, node.kwargs, node.asvar)
