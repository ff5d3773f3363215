"""Speed of sealing the audit trail and of checking its whole chain.

``sealed_per_s``, ``verified_per_s``: entries a second of one process. ``verify_seconds``: one walk along the chain.
``peak_mb``: the most memory that this process ever held; it does not grow with the trail. ``sealing_write_ms``: median
time to write an entry while another process seals; ``write_ms``: the same while nobody does.
"""

import os
import resource
import statistics
import sys
import time
from argparse import Namespace
from collections.abc import Callable, Iterator

from tests.bench.harness import options, portal
from tests.bench.harness.figures import Figure, publish

WRITES = 200


def main(arguments: list[str]) -> int:
    """Take every figure of the module's description."""
    chosen = parse(arguments)
    with portal.running(processes=()):
        portal.say(f"writing {chosen.entries} entries")
        _write(chosen.entries)
        publish("audit", [*_figures()], options=vars(chosen))
    return 0


def parse(arguments: list[str]) -> Namespace:
    parser = options.parser("audit", __doc__ or "")
    parser.add_argument("--entries", type=options.count, default=1_000_000)
    return parser.parse_args(arguments)


def _write(entries: int) -> None:
    from tests import factories
    from tests.bench.listing.multiply import analyse, multiply

    factories.organisation()
    project = factories.complete_intake()
    from coe_portal.core.models import AuditEntry

    patterns = list(AuditEntry.objects.in_project(project.key))
    for pattern in patterns:
        multiply(pattern, f"generate_series(1, {-(-entries // len(patterns))}) AS n", {})
    analyse()


def _figures() -> Iterator[Figure]:
    from coe_portal.core.models import AuditEntry
    from coe_portal.core.services import sealing, verification

    yield Figure("write_ms", _median_write(), "ms")
    everything, started = AuditEntry.objects.count(), time.monotonic()
    portal.say("sealing")
    yield Figure("sealing_write_ms", statistics.median(_write_while(_seal)), "ms")
    yield Figure("sealed_per_s", everything / (time.monotonic() - started), "entries/s")
    while sealing.seal_next(look_at_all=True):
        pass
    portal.say("checking")
    started = time.monotonic()
    report = verification.verify()
    took = time.monotonic() - started
    if report.broken is not None or report.unsealed:
        raise SystemExit(f"The chain is not whole: {report}")
    yield Figure("verified_per_s", report.sealed / took, "entries/s")
    yield Figure("verify_seconds", took, "s")
    yield Figure("peak_mb", resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024, "MB")


def _write_one() -> float:
    from django.db import transaction

    from coe_portal.core import audit
    from tests import factories

    someone, started = factories.person("domain"), time.monotonic()
    with transaction.atomic():
        audit.record(actor=someone, action="user.greeted", subject=someone)
    return (time.monotonic() - started) * 1000


def _median_write() -> float:
    return statistics.median(_write_one() for _ in range(WRITES))


def _seal() -> None:
    from coe_portal.core.services import sealing

    while sealing.seal_next():
        pass


def _write_while(work: Callable[[], None]) -> list[float]:
    """Times to write an entry, some every second, while another process works."""
    from django.db import connections

    connections.close_all()  # the other process makes its own
    child = os.fork()
    if child == 0:
        work()
        os._exit(0)
    times = [_write_one()]
    while os.waitpid(child, os.WNOHANG) == (0, 0):
        times.append(_write_one())
        time.sleep(0.05)
    return times


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
