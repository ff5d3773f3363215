"""Speed of lists, pages and search on much data, beside a plain REST framework view set on the same tables.

``api_rps``, ``drf_rps``: requests a second of ten clients that read lists of 50 projects and of 50 runs, the portal and
the plain view set taking turns. ``api_cpu_ms``, ``drf_cpu_ms``, ``list_cpu_ms``, ``page_cpu_ms``: processor time of the
web processes for one request; of the dearest list, and of the dearest of all pages. A slow machine makes all of them
slow; what a page costs beside the plain view set does not depend on it.
``search_p95_ms``: palette, filters and similar projects together. ``deep_page_ratio``: time of a page 100 pages down
over that of the first page, the worst of three lists. Every figure is taken as a member without roles, an auditor and a
CoE lead.
"""

import statistics
import sys
from argparse import Namespace
from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

from tests.bench.harness import options, portal
from tests.bench.harness.figures import Figure, percentile, publish
from tests.bench.listing.callers import Visitor, load, processor_seconds

if TYPE_CHECKING:  # needs Django, which starts with the portal
    from tests.bench.listing.organisation import Caller

CLIENTS, ROUNDS, TURN = 10, 4, 2.0
WINDOWS = 4  # of each person, while processor time is taken: as busy as it is while lists of the API are read
LISTS = ("projects", "runs")
PAGES = ("portfolio", "projects", "runs", "intake", "audit", "inbox")
LISTED = ("projects", "runs", "intake", "audit", "inbox")  # the portfolio has figures and a time of its own
SEARCHES = (
    "/search/?q=turbines", "/search/?q=Oslo+claims", "/search/?q=prj-77", "/search/?q=trees", "/search/?q=4711",
    "/search/?q=nothing+like+it", "/search/?q=", "/api/v1/projects/?search=turbines", "/api/v1/runs/?search=trees",
    "/api/v1/runs/?search=unheard", "/api/v1/projects/similar/?text=classify+turbines+in+Oslo+to+save+time",
)  # fmt: skip
REPEATS, DEPTH = 40, 100
WARM_UP = 20  # each of four workers has very likely compiled the templates of a page by then


def main(arguments: list[str]) -> int:
    """Take every figure of the module's description."""
    chosen = _options(arguments)
    with portal.running(processes=("web",)) as here:
        from tests.bench.listing import organisation  # needs Django, which is set up now

        portal.say("making the organisation")
        callers = organisation.build(projects=chosen.projects, runs=chosen.runs, audit=chosen.audit)
        plain = _start_plain(here)
        publish("lists", [*_figures(here, plain, callers)], options=vars(chosen))
    return 0


def _options(arguments: list[str]) -> Namespace:
    parser = options.parser("lists", __doc__ or "")
    parser.add_argument("--projects", type=options.count, default=10_000)
    parser.add_argument("--runs", type=options.count, default=100_000)
    parser.add_argument("--audit", type=options.count, default=100_000, help="audit entries; 1000000 for the full size")
    return parser.parse_args(arguments)


def _start_plain(here: portal.Portal) -> str:
    url = f"http://127.0.0.1:{here.places.port('plain')}"
    settings = "DJANGO_SETTINGS_MODULE=tests.bench.listing.plain_settings"
    command = ("-m", "gunicorn", "coe_portal.wsgi", "--bind", url.removeprefix("http://"), "--env", settings)
    here.start("plain", *command, *portal.WEB)
    portal.wait_until(lambda: _answers(url), here.children["plain"], "The plain view set", patience=60)
    return url


def _answers(url: str) -> bool:
    try:
        return Visitor(url).get("/projects/").status in (401, 403)
    except OSError:
        return False


def _figures(here: portal.Portal, plain: str, callers: "list[Caller]") -> Iterator[Figure]:
    from tests.factories import PASSWORD

    portal.say("lists of the API")
    yield from _api(here, plain, callers)
    browsers = {caller.name: Visitor(here.url) for caller in callers}
    for caller in callers:
        browsers[caller.name].sign_in(caller.user.username, PASSWORD)
    portal.say("pages")
    yield from _pages(here, browsers, {caller.name: caller.project for caller in callers})
    portal.say("search and deep pages")
    yield from _search(here, browsers, callers)
    yield Figure("deep_page_ratio", max(_deep(_program(here.url, callers[-1]), name) for name in (*LISTS, "audit")), "")


def _program(url: str, caller: "Caller") -> Visitor:
    return Visitor(url, {"Authorization": f"Bearer {caller.token}"})


def _api(here: portal.Portal, plain: str, callers: "list[Caller]") -> Iterator[Figure]:
    """The portal and the plain view set take turns, so that a busy machine slows both."""
    ours = [_program(here.url, callers[n % len(callers)]) for n in range(CLIENTS)]
    theirs = [_program(plain, callers[n % len(callers)]) for n in range(CLIENTS)]
    done = dict.fromkeys(("api", "drf"), (0, 0.0))
    busy, times = dict.fromkeys(done, 0.0), []
    for name in LISTS:
        for visitors, path in ((ours, f"/api/v1/{name}/"), (theirs, f"/{name}/")):
            load(visitors, path, 0.5)  # every worker has connected and compiled once
    for _ in range(ROUNDS):
        for name in LISTS:
            for who, server, visitors, path in (
                ("api", "web", ours, f"/api/v1/{name}/"),
                ("drf", "plain", theirs, f"/{name}/"),
            ):
                before = processor_seconds(_process(here, server))
                got = load(visitors, path, TURN)
                busy[who] += processor_seconds(_process(here, server)) - before
                done[who] = (done[who][0] + got.answers, done[who][1] + got.seconds)
                times += got.times if who == "api" else []
    rates = {who: answers / seconds for who, (answers, seconds) in done.items()}
    yield Figure("api_rps", rates["api"], "1/s")
    yield Figure("drf_rps", rates["drf"], "1/s")
    yield Figure("ratio_to_drf", rates["api"] / rates["drf"], "")
    for who, seconds in busy.items():
        yield Figure(f"{who}_cpu_ms", 1000 * seconds / done[who][0], "ms")
    yield Figure("api_p95_ms", 1000 * percentile(times, 0.95), "ms")


def _process(here: portal.Portal, name: str) -> int:
    process = here.children[name].process
    assert process is not None
    return process.pid


def _pages(here: portal.Portal, browsers: dict[str, Visitor], projects: dict[str, str]) -> Iterator[Figure]:
    """Each list as page and as fragment, and the page of one project."""
    costs, largest, fragments, portfolio = {}, 0, [], []
    for name, browser in browsers.items():
        for page in (*PAGES, f"projects/{projects[name]}"):
            _repeat(browser, f"/{page}/", WARM_UP)
            times, size = _repeat(browser, f"/{page}/")
            windows = [replace(browser, cookies=dict(browser.cookies)) for _ in range(WINDOWS)]
            before = processor_seconds(_process(here, "web"))
            answers = load(windows, f"/{page}/", TURN).answers
            cost = 1000 * (processor_seconds(_process(here, "web")) - before) / answers
            portal.say(
                f"{page} as {name}: {cost:.1f} ms, {size / 1000:.1f} kB, {1000 * percentile(times, 0.95):.0f} ms"
            )
            costs[page, name], largest = cost, max(largest, size)
            portfolio += times if page == "portfolio" else []
            fragments += _repeat(browser, f"/{page}/", **{"HX-Request": "true"})[0] if page in PAGES else []
    yield Figure("list_cpu_ms", max(cost for (page, _), cost in costs.items() if page in LISTED), "ms")
    yield Figure("page_cpu_ms", max(costs.values()), "ms")
    yield Figure("page_kb", largest / 1000, "kB")
    yield Figure("fragment_p95_ms", 1000 * percentile(fragments, 0.95), "ms")
    yield Figure("portfolio_p95_ms", 1000 * percentile(portfolio, 0.95), "ms")


def _repeat(visitor: Visitor, path: str, times: int = REPEATS, **headers: str) -> tuple[list[float], int]:
    """Times in seconds, and the size of the body."""
    answers = [visitor.get(path, **headers) for _ in range(times)]
    wrong = {answer.status for answer in answers} - {200}
    if wrong:
        raise RuntimeError(f"{path} answered {sorted(wrong)}")
    return [answer.seconds for answer in answers], len(answers[-1].body)


def _search(here: portal.Portal, browsers: dict[str, Visitor], callers: "list[Caller]") -> Iterator[Figure]:
    times: list[float] = []
    for caller in callers:
        for path in SEARCHES:
            visitor = _program(here.url, caller) if path.startswith("/api/") else browsers[caller.name]
            took, _ = _repeat(visitor, path, REPEATS // 2, **{"HX-Request": "true"})
            portal.say(f"{path} as {caller.name}: {1000 * percentile(took, 0.95):.0f} ms")
            times += took
    yield Figure("search_p95_ms", 1000 * percentile(times, 0.95), "ms")


def _deep(visitor: Visitor, name: str) -> float:
    """Median time of the page ``DEPTH`` pages down (or the last one), over that of the first page."""
    first = path = f"/api/v1/{name}/"
    for _ in range(DEPTH):
        found = _next_of(visitor, path)
        if not found:
            break
        path = found
    shallow, _ = _repeat(visitor, first)
    deep, _ = _repeat(visitor, path)
    return statistics.median(deep) / statistics.median(shallow)


def _next_of(visitor: Visitor, path: str) -> str:
    import json

    link = json.loads(visitor.get(path).body)["next"]
    return link.removeprefix(visitor.url) if link else ""


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
