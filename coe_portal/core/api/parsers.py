"""JSON that the portal can keep."""

from collections.abc import Mapping
from typing import IO, Any

from rest_framework.exceptions import ParseError
from rest_framework.parsers import JSONParser

MAX_DEPTH = 40


class StrictJSONParser(JSONParser):
    """JSON without what PostgreSQL cannot store: NUL characters, lone surrogates, endless nesting."""

    strict = True

    def parse(
        self, stream: IO[Any], media_type: str | None = None, parser_context: Mapping[str, Any] | None = None
    ) -> Any:
        try:
            data = super().parse(stream, media_type, parser_context)
        except RecursionError:
            raise ParseError("The JSON is nested too deeply.") from None
        refuse_unstorable(data)
        return data


def refuse_unstorable(value: Any, depth: int = 0) -> None:
    """Raise ParseError when ``value`` holds text that no database column can keep."""
    if depth > MAX_DEPTH:
        raise ParseError("The JSON is nested too deeply.")
    if isinstance(value, str):
        if "\x00" in value or any("\ud800" <= character <= "\udfff" for character in value):
            raise ParseError("The JSON holds a character that cannot be stored (NUL or half of a surrogate pair).")
    elif isinstance(value, Mapping):
        for key, item in value.items():
            refuse_unstorable(key, depth + 1)
            refuse_unstorable(item, depth + 1)
    elif isinstance(value, list):
        for item in value:
            refuse_unstorable(item, depth + 1)
