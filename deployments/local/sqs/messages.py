"""What a queue holds, and the order in which its messages become visible."""

from __future__ import annotations

import heapq
import threading
from dataclasses import dataclass, field


@dataclass(slots=True)
class Message:
    """One message. Times are epoch seconds; the receipt names the latest delivery only."""

    id: str
    body: str
    sent_at: float
    visible_at: float
    received: int = 0

    @property
    def receipt(self) -> str:
        """Handle of the latest delivery; an older one no longer deletes or hides the message."""
        return f"{self.id}.{self.received}"


@dataclass(frozen=True, slots=True)
class Redrive:
    """Where a message goes instead of being delivered more than `max_received` times."""

    target: str
    max_received: int


@dataclass
class Queue:
    """Messages by id and a heap of (visible at, id); heap entries that no longer match are stale."""

    name: str
    arrived: threading.Condition
    visibility: float = 30.0
    redrive: Redrive | None = None
    messages: dict[str, Message] = field(default_factory=dict)
    heap: list[tuple[float, str]] = field(default_factory=list)

    def add(self, message: Message) -> None:
        """Hold the message and wake those who wait."""
        self.messages[message.id] = message
        heapq.heappush(self.heap, (message.visible_at, message.id))
        self.arrived.notify_all()

    def hide_until(self, message: Message, moment: float) -> None:
        """Change when the message is visible; the old heap entry becomes stale."""
        message.visible_at = moment
        heapq.heappush(self.heap, (moment, message.id))
        self.arrived.notify_all()

    def next_visible_at(self) -> float | None:
        """When the earliest message is visible, or None for an empty queue; drops stale entries."""
        while self.heap:
            moment, key = self.heap[0]
            held = self.messages.get(key)
            if held is not None and held.visible_at == moment:
                return moment
            heapq.heappop(self.heap)
        return None

    def take(self, now: float) -> Message | None:
        """Remove the earliest visible message from the heap (not from the queue)."""
        moment = self.next_visible_at()
        if moment is None or moment > now:
            return None
        return self.messages[heapq.heappop(self.heap)[1]]

    def by_receipt(self, receipt: str) -> Message | None:
        """The message whose latest delivery has this receipt."""
        held = self.messages.get(receipt.rpartition(".")[0])
        return held if held is not None and held.receipt == receipt else None
