"""The streams under the local CloudWatch Logs."""

from pathlib import Path

import pytest

from deployments.local.logs.streams import PAGE_BYTES, Streams, UnknownStream


def test_lines_come_back_in_order_after_reopening_and_the_end_repeats(tmp_path: Path):
    first = Streams(tmp_path / "l.db")
    first.append("/g", "job/1", ["a", "b"], at=1)
    first.append("/g", "job/1", ["c"], at=2)
    first.close()
    streams = Streams(tmp_path / "l.db")
    page = streams.read("/g", "job/1", limit=2)
    assert page.events == [(1, "a"), (1, "b")]
    last = streams.read("/g", "job/1", position=page.next_position)
    assert last.events == [(2, "c")]
    end = streams.read("/g", "job/1", position=last.next_position)
    assert (end.events, end.next_position) == ([], last.next_position)
    streams.close()


def test_a_page_holds_at_most_one_mebibyte_and_loses_nothing(tmp_path: Path):
    streams = Streams(tmp_path / "l.db")
    streams.append("/g", "s", ["x" * (PAGE_BYTES // 2)] * 3)
    position, sizes = 0, []
    while (page := streams.read("/g", "s", position=position)).events:
        sizes.append(len(page.events))
        position = page.next_position
    assert sizes == [1, 1, 1]
    streams.close()


def test_a_prefix_with_wildcards_is_taken_literally_and_unknown_streams_are_named(tmp_path: Path):
    streams = Streams(tmp_path / "l.db")
    streams.append("/g", "a%b", [])
    streams.append("/g", "axb", [])
    assert streams.names("/g", prefix="a%") == ["a%b"]
    with pytest.raises(UnknownStream, match="stream nope"):
        streams.read("/g", "nope")
    streams.close()
