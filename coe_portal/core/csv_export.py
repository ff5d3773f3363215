"""CSV that opens safely in a spreadsheet."""

import csv
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from django.http import QueryDict, StreamingHttpResponse
from django.utils import timezone

_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")


class _Echo:
    """A file that hands every line straight back, so that rows are streamed."""

    def write(self, value: str) -> str:
        return value


def neutral(value: Any) -> Any:
    """Put an apostrophe before text that a spreadsheet would run as a formula. Numbers stay numbers."""
    if isinstance(value, str) and value.startswith(_FORMULA_STARTS):
        return "'" + value
    return value


def filters_in_words(form: Any, query: QueryDict) -> list[str]:
    """What narrows a list, such as “Stage: Proof of concept”, from its filter's form and the address."""
    found = []
    for field in form:
        labels = {str(code): str(label) for code, label in getattr(field.field, "choices", ())}
        found += [f"{field.label}: {labels.get(value, value)}" for value in query.getlist(field.name) if value]
    return found


def as_of(title: str, units: str) -> str:
    """The first line of a table: what it is, as of when, in which units."""
    return f"{title} as of {timezone.localtime():%d %B %Y %H:%M %Z}, {units}"


def csv_response(
    name: str,
    about: str,
    header: Sequence[str],
    rows: Iterable[Sequence[Any]],
    filters: Sequence[str] = (),
) -> StreamingHttpResponse:
    """Stream ``rows`` as ``name``.csv. The first line says what the table is and as of when.

    Args:
        filters: what narrows the table, in words; the first line ends with them.
    """

    def lines() -> Iterator[str]:
        writer = csv.writer(_Echo())
        yield str(writer.writerow([f"{about}; only {', '.join(filters)}" if filters else about]))
        yield str(writer.writerow(header))
        for row in rows:
            yield str(writer.writerow([neutral(value) for value in row]))

    response = StreamingHttpResponse(lines(), content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="{name}.csv"'
    return response
