"""CSV that opens safely in a spreadsheet."""

import csv
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from django.http import StreamingHttpResponse

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


def csv_response(name: str, about: str, header: Sequence[str], rows: Iterable[Sequence[Any]]) -> StreamingHttpResponse:
    """Stream ``rows`` as ``name``.csv. The first line says what the table is and as of when."""

    def lines() -> Iterator[str]:
        writer = csv.writer(_Echo())
        yield str(writer.writerow([about]))
        yield str(writer.writerow(header))
        for row in rows:
            yield str(writer.writerow([neutral(value) for value in row]))

    response = StreamingHttpResponse(lines(), content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="{name}.csv"'
    return response
