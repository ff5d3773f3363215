"""Brings processes back that ended by themselves: at once, then ever later while they keep ending."""

import time
from collections.abc import Iterable
from dataclasses import dataclass, field

from coe_portal.launcher.processes import Child

FIRST_DELAY, LONGEST_DELAY = 0.5, 30.0
GOOD_WHILE = 60.0


@dataclass
class Watcher:
    """Remembers for each process when it is due again and how long it waited last."""

    delays: dict[str, float] = field(default_factory=dict)
    due: dict[str, float] = field(default_factory=dict)

    def look(self, children: Iterable[Child]) -> None:
        """Start what is due again; never waits, so that one that keeps ending holds up no other."""
        now = time.monotonic()
        for child in children:
            if child.is_running:
                continue
            if child.name not in self.due:
                self._plan(child, now)
            elif now >= self.due[child.name]:
                self._bring_back(child)

    def _plan(self, child: Child, now: float) -> None:
        lived = now - child.started_at
        delay = FIRST_DELAY if lived > GOOD_WHILE else self.delays.get(child.name, FIRST_DELAY)
        self.delays[child.name], self.due[child.name] = min(delay * 2, LONGEST_DELAY), now + delay
        words = child.last_words(3)
        print(f"{child.name} ended; it starts again in {delay:g} s. Its last words:\n{words}", flush=True)

    def _bring_back(self, child: Child) -> None:
        del self.due[child.name]
        try:
            child.start()
        except OSError as error:
            print(f"{child.name} cannot start: {error}", flush=True)
