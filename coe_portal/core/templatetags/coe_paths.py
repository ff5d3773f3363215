"""``{% url %}`` with remembered addresses, for every template; what Django's says and refuses it says and refuses."""

from typing import Any

from django import template
from django.template import defaulttags
from django.template.base import Parser, Token

from coe_portal.core.addresses import path_to

register = template.Library()


class KnownUrl(defaulttags.URLNode):
    """Asks the resolver once for each address that a process draws.

    Arguments by name, and those that are no text or number and so may change, go Django's way.
    """

    def render(self, context: Any) -> str:
        args = [arg.resolve(context) for arg in self.args]
        if self.kwargs or self.asvar or not all(isinstance(arg, str | int) for arg in args):
            return super().render(context)
        return path_to(str(self.view_name.resolve(context)), *args)


@register.tag
def url(parser: Parser, token: Token) -> KnownUrl:
    """As Django's. Usage: {% url "projects:detail" project.key %}"""
    node = defaulttags.url(parser, token)
    return KnownUrl(node.view_name, node.args, node.kwargs, node.asvar)
