"""What every benchmark needs: a portal of its own with real processes, people who work on it, and figures.

A benchmark is a module of ``tests.bench`` with a ``main(arguments)``; ``./portal bench NAME`` runs it::

    with portal.running(local_aws=("--simulate", "20")) as here:
        group = organisation.arrange(projects=4, clients=4)
        api = client.Api(here.url, group.tokens[0])
        ...
    figures.publish("NAME", [Figure("seconds", 1.2, "s")], options={"runs": 200})
"""
