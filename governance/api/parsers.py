"""Policies may be sent as they are written: YAML with the content type application/yaml."""

from collections.abc import Mapping
from typing import IO, Any

from rest_framework.exceptions import ParseError
from rest_framework.parsers import BaseParser

from coe_portal.core.api.parsers import refuse_unstorable


class YamlTextParser(BaseParser):
    """The body is the policy's source; it is checked by the service, not here."""

    media_type = "application/yaml"

    def parse(
        self, stream: IO[Any], media_type: str | None = None, parser_context: Mapping[str, Any] | None = None
    ) -> Any:
        del media_type, parser_context
        try:
            source = stream.read().decode()
        except UnicodeDecodeError:
            raise ParseError("The policy needs to be UTF-8 text.") from None
        refuse_unstorable(source)
        return {"source": source}
