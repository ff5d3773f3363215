"""Speed of trying a policy on many projects, and of moving them.

``dry_run_s``: seconds to compare a draft with every project under way. The draft asks one criterion more, one fewer and
one with a smaller answer schema, and needs one approver more. ``dry_run_queries``: what that asks of the database.
``moves_page_s``: a page of projects with what each move means. ``moves_per_s``: projects moved a second, one by one.
"""

import sys
import time
from argparse import Namespace
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

from tests.bench.harness import options, portal
from tests.bench.harness.figures import Figure, publish

if TYPE_CHECKING:  # needs Django, which starts with the portal
    from governance.models import PolicyVersion

REPEATS, MOVED, PAGE = 3, 50, 25


def main(arguments: list[str]) -> int:
    """Take every figure of the module's description."""
    chosen = _options(arguments)
    with portal.running(processes=()):
        from tests.bench.listing import organisation  # needs Django, which is set up now

        portal.say("making the organisation")
        organisation.build(projects=chosen.projects, runs=1, audit=1)
        publish("policies", [*_figures()], options=vars(chosen))
    return 0


def _options(arguments: list[str]) -> Namespace:
    parser = options.parser("policies", __doc__ or "")
    parser.add_argument("--projects", type=options.count, default=10_000)
    return parser.parse_args(arguments)


def changed(document: dict[str, Any]) -> dict[str, Any]:
    """A document with one criterion more, one fewer, one answer that shrinks, and one approver more."""
    criteria = {row["code"]: row for row in document["criteria"]}
    users = criteria["users"]["answer_schema"]["properties"]
    smaller = criteria["users"] | {
        "answer_schema": criteria["users"]["answer_schema"]
        | {"properties": users | {"mode": users["mode"] | {"enum": ["batch"]}}}
    }
    extra = criteria["baseline"] | {"code": "oversight", "short": "Human oversight"}
    rows = [criteria[code] for code in criteria if code not in ("baseline", "users")]
    gates = [
        gate
        | {
            "criteria": [code for code in gate["criteria"] if code != "baseline"],
            "approvals": [*gate["approvals"], {"name": "Data owner", "group": "data_owner", "needed": 1, "days": 3}],
        }
        for gate in document["gates"]
    ]
    return document | {"criteria": [*rows, smaller, extra], "gates": gates}


def _figures() -> Iterator[Figure]:
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    from governance.services import dry_runs, moves, policies
    from projects.models import Project
    from tests.factories import person

    lead, version = person("lead"), _draft()
    portal.say("trying it")
    yield Figure("dry_run_s", min(_seconds(lambda: dry_runs.dry_run(version)) for _ in range(REPEATS)), "s")
    with CaptureQueriesContext(connection) as seen:
        found = dry_runs.dry_run(version)
    yield Figure("dry_run_queries", len(seen), "queries")
    yield Figure("dry_run_projects", found.projects, "projects")
    for effect in found.effects:
        portal.say(effect.sentence)
    policies.publish(policy_id=version.pk, actor=lead)
    rows = list(Project.objects.open().exclude(policy_version=version.label).for_list().order_by("-id")[:PAGE])
    yield Figure("moves_page_s", min(_seconds(lambda: moves.previews(rows, version)) for _ in range(REPEATS)), "s")
    keys = [row.key for row in Project.objects.open().order_by("-id")[:MOVED]]
    took = _seconds(lambda: moves.move_many(project_keys=keys, target=version.label, actor=lead))
    yield Figure("moves_per_s", MOVED / took, "1/s")


def _draft() -> "PolicyVersion":
    from governance.policies import loader
    from governance.services import policies
    from tests.factories import person

    document = changed(loader.load(policies.DEFAULT.read_text()))
    return policies.create_draft(source=policies.as_yaml(document), actor=person("lead"))


def _seconds(work: Callable[[], object]) -> float:
    begun = time.perf_counter()
    work()
    return time.perf_counter() - begun


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
