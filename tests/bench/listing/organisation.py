# ruff: noqa: S608 - the statements are made of this file's own words, and only benchmarks run them
"""A large organisation: one project and one run made through services, then multiplied by the database."""

from dataclasses import dataclass

from coe_portal.core.models import AuditEntry, User
from coe_portal.core.services import tokens
from deployments.models import Run
from deployments.services import environments, prices, runs, templates
from deployments.services.specification import Wish
from governance.models import ApprovalRequest
from governance.services import approvals, intakes
from projects.models import Member, Project, Stage
from tests import factories
from tests.bench.listing.multiply import analyse, multiply

PEOPLE, UNITS, TEAM = 500, 24, 5
ENVIRONMENT = {
    "name": "sandbox",
    "kind": "sandbox",
    "account_id": "000000000000",
    "region": "eu-west-1",
    "execution_role_arn": "arn:aws:iam::000000000000:role/coe-training",
    "bucket": "coe-bench",
    "images": {"sklearn": "141502667606.dkr.ecr.eu-west-1.amazonaws.com/sagemaker-scikit-learn:1.4-2-cpu-py3"},
    "access": "all_projects",
}
THINGS = "ARRAY['claims','turbines','invoices','photos','routes','meters','orders','contracts','sensors','calls']"
VERBS = "ARRAY['Forecast','Classify','Rank','Detect','Estimate','Match','Route','Summarise','Price','Schedule']"
FIRST = "(SELECT min(id) FROM core_user WHERE username LIKE 'member%%')"
PLACES = "ARRAY['Oslo','Lisbon','Graz','Ghent','Turku','Porto','Bergen','Malmö','Delft','Lyon','Basel','Cork']"


def _pick(words: str, seed: str) -> str:
    return f"({words})[1 + ({seed}) %% array_length({words}, 1)]"


@dataclass(frozen=True)
class Caller:
    """Who measures: a member without any role, an auditor, the CoE lead. ``token`` reads the API.

    ``project`` is the key of a proof of concept that they see.
    """

    name: str
    user: User
    token: str
    project: str


def build(*, projects: int, runs: int, audit: int) -> list[Caller]:
    """Fill an empty, migrated database and return the callers. About a minute for 10,000, 100,000 and 1,000,000."""
    people = factories.organisation()
    template = User.objects.get(username="stranger")
    names = {"username": "'member' || n", "display_name": f"{_pick(PLACES, 'n')} || ' Colleague ' || n"}
    multiply(template, "generate_series(1, %(many)s) AS n", names, many=PEOPLE)
    unit = factories.unit()
    columns = {"id": "'00unit' || lpad(to_hex(n), 20, '0')", "name": "'Unit ' || n", "cost_center": "'CC-' || n"}
    multiply(unit, "generate_series(1, %(many)s) AS n", columns, many=UNITS)
    pattern, run = _pattern()
    _projects(pattern, projects)
    _members(pattern)
    _approvals(pattern)
    _runs(run, runs)
    _audit(audit)
    analyse()
    member = User.objects.get(username="member7")
    callers = {"member": member, "auditor": people["auditor"], "lead": people["lead"]}
    return [Caller(name, user, _token(user), _project_of(user)) for name, user in callers.items()]


def _project_of(user: User) -> str:
    """The newest proof of concept that they may see."""
    newest = Project.objects.visible_to(user).filter(stage=Stage.POC).order_by("-pk").first()
    assert newest is not None
    return newest.key


def _token(user: User) -> str:
    return tokens.create_token(user=user, scopes=["read"], days=1, name="bench", actor=user)[1]


def _pattern() -> tuple[Project, Run]:
    """A project in its proof of concept with one run, made as people make them."""
    project = factories.complete_intake("Claims triage")
    asked = intakes.submit(project_key=project.key, actor=factories.person("domain")).approval
    for approver in ("lead", "sponsor"):
        approvals.decide(request_id=asked.pk, verdict="approve", actor=factories.person(approver))
    environments.create_environment(values=ENVIRONMENT, actor=None)
    templates.load_folder()
    prices.load_table()
    wish = Wish(project=project.key, environment="sandbox", template="tabular-classifier", note="First try")
    run = runs.launch_run(wish=wish, actor=factories.person("scientist"))
    Run.objects.filter(pk=run.pk).update(next_check_at=None)
    project.refresh_from_db()
    return project, run


def _projects(pattern: Project, many: int) -> None:
    stages = "ARRAY['intake','intake','qualification','poc','poc','poc','production_ready','production','production',"
    stages += "'retired','declined','stopped','deferred']"
    someone = FIRST + " + ((n * {0}) %% %(people)s)"
    columns = {
        "name": f"{_pick(VERBS, 'n')} || ' ' || {_pick(THINGS, 'n / 10')} || ' in ' || {_pick(PLACES, 'n / 7')}"
        " || ' ' || n",
        "summary": f"'Reduces the time that people spend on ' || {_pick(THINGS, 'n / 3')} || ' by ' || n %% 90 || "
        f"' per cent; asked for by the team in ' || {_pick(PLACES, 'n')} || '. ' || md5(n::text)",
        "business_unit_id": "'00unit' || lpad(to_hex(1 + n %% %(units)s), 20, '0')",
        "stage": _pick(stages, "n"),
        "health": _pick("ARRAY['on_track','on_track','on_track','at_risk','blocked']", "n"),
        "risk_tier": _pick("ARRAY['low','medium','high']", "n / 2"),
        "value_per_year": "10000 + (n * 7919) %% 2000000",
        "poc_budget": "5000 + (n * 104729) %% 200000",
        "owner_id": someone.format(7),
        "sponsor_id": someone.format(11),
        "created_by_id": someone.format(7),
        "deploy_authority_id": someone.format(13),
        "created_at": "now() - (%(many)s - n) * interval '2 hours'",
        "updated_at": "now() - ((n * 31) %% 200000) * interval '1 minute'",
    }
    made = {"many": many - 1, "people": PEOPLE, "units": UNITS}
    multiply(pattern, "generate_series(1, %(many)s) AS n", columns, **made)


def _members(pattern: Project) -> None:
    member = Member.objects.filter(project=pattern).first()
    criterion = pattern.criteria.first()
    assert member is not None and criterion is not None
    columns = {
        "id": "'00mem' || lpad(to_hex(p.id * %(team)s + n), 21, '0')",
        "project_id": "p.id",
        "user_id": f"{FIRST} + (p.id * 17 + n * 97) %% %(people)s",
        "roles": _pick("ARRAY['{data_scientist}','{data_engineer}','{domain_expert}','{devops_engineer}']", "n")
        + "::varchar[]",
    }
    source = "projects_project AS p, generate_series(1, %(team)s) AS n"
    multiply(member, source, columns, team=TEAM, people=PEOPLE)
    others = f"(SELECT id AS other FROM projects_project WHERE id <> {pattern.pk}) AS p"
    for row in pattern.criteria.all():
        multiply(row, others, {"project_id": "p.other"})


def _approvals(pattern: Project) -> None:
    request = ApprovalRequest.objects.prefetch_related("steps").get(project=pattern)
    columns = {
        "project_id": "p.id",
        "subject": "'project:PRJ-' || p.id",
        "title": "p.name || ': proof of concept'",
        "requester_id": "p.owner_id",
        "excluded": "ARRAY[p.owner_id, p.created_by_id]",
        "state": "CASE WHEN p.stage = 'qualification' THEN 'open' ELSE 'approved' END",
        "created_at": "p.created_at",
        "due_at": "CASE WHEN p.stage = 'qualification' THEN now() + (p.id %% 20 - 5) * interval '1 day'"
        " ELSE p.created_at END",
        "closed_at": "CASE WHEN p.stage = 'qualification' THEN NULL ELSE p.created_at END",
    }
    asked = f"(SELECT * FROM projects_project WHERE stage <> 'intake' AND id <> {pattern.pk} ORDER BY id) AS p"
    multiply(request, asked, columns)
    for step in request.steps.all():
        state = "CASE WHEN r.state <> 'open' THEN 'done' WHEN pattern.position = 1 THEN 'open' ELSE 'waiting' END"
        source = (
            f"(SELECT id AS asked, state, due_at AS due FROM governance_approvalrequest WHERE id <> {request.pk}) AS r"
        )
        multiply(step, source, {"request_id": "r.asked", "state": state, "due_at": "r.due"})


def _runs(pattern: Run, many: int) -> None:
    state = "ARRAY['succeeded','succeeded','succeeded','succeeded','failed','stopped','succeeded','failed','lost']"
    running, minutes = "s.n > %(many)s - 300", "(%(many)s - s.n) * interval '{} minutes'"
    began = f"now() - {minutes.format(11)}"
    columns = {
        "id": "'01k' || lpad(to_hex(s.n), 23, '0')",
        "aws_name": "'coe-train-01k' || lpad(to_hex(s.n), 23, '0') || '-01'",
        "project_id": "s.p",
        "number": "row_number() OVER (PARTITION BY s.p ORDER BY s.n) + 1",
        "requested_by_id": f"{FIRST} + (s.n * 29) %% %(people)s",
        "state": f"CASE WHEN {running} THEN {_pick("ARRAY['queued','starting','running']", 's.n')}"
        f" ELSE {_pick(state, 's.n')} END",
        "arn": "'arn:aws:sagemaker:eu-west-1:000000000000:training-job/coe-train-' || s.n",
        "metrics": "jsonb_build_object('validation:accuracy', 0.5 + (s.n %% 500) / 1000.0, 'train:loss', s.n %% 7)",
        "note": f"'Try ' || {_pick(THINGS, 's.n / 4')} || ' with ' || s.n %% 17 || ' trees'",
        "request_key": "''",
        "cost": f"CASE WHEN {running} THEN NULL ELSE (s.n %% 900) / 100.0 END",
        "billable_seconds": "60 + s.n %% 3000",
        "training_seconds": "60 + s.n %% 3000",
        "created_at": began,
        "submitted_at": began,
        "started_at": began,
        "ended_at": f"CASE WHEN {running} THEN NULL ELSE now() - {minutes.format(10)} END",
        "enriched_at": f"CASE WHEN {running} THEN NULL ELSE now() END",
    }
    source = _in_projects("floor((high - low + 1) * power(random(), 2))::bigint")
    multiply(pattern, source, columns, many=many - 1, people=PEOPLE)


def _in_projects(offset: str) -> str:
    """Numbers ``s.n`` with a project ``s.p`` each, ``offset`` away from the first one."""
    return (
        f"(SELECT n, low + {offset} AS p FROM generate_series(1, %(many)s) AS n,"
        " (SELECT min(id) AS low, max(id) AS high FROM projects_project) AS range) AS s"
    )


def _audit(many: int) -> None:
    pattern = AuditEntry.objects.filter(action="run.launched").first()
    assert pattern is not None
    actions = (
        "ARRAY['run.launched','run.succeeded','criterion.answered','project.changed','approval.decided','run.failed']"
    )
    columns = {
        "at": "now() - (%(many)s - s.n) * interval '30 seconds'",
        "actor_id": f"CASE WHEN s.n %% 4 = 0 THEN NULL ELSE {FIRST} + (s.n / 4 * 13) %% %(people)s END",
        "action": _pick(actions, "s.n"),
        "subject": "'run:01k' || lpad(to_hex(s.n / 8), 23, '0')",
        "subject_label": "'Run ' || s.n %% 40 || ' of PRJ-' || s.p",
        "project": "'PRJ-' || s.p",
    }
    source = _in_projects("(n * 6007::bigint) %% (high - low + 1)")
    multiply(pattern, source, columns, many=many, people=PEOPLE)
