"""Faults and kills over recorded data: whatever happens on the way, the content ends as undisturbed.

Run by hand, while the recorded data is served where `outcomes.toml` beside this file says:
`OUTCOMES_REPLAY_TOKEN=any .venv/bin/python tests/real_input/reliability.py`. A proxy before each server
answers one request in ten badly; then runs are killed without a warning, one after the other. Ends with
exit code 1 at the first difference.
"""

import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from random import Random

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE.parent / "helpers"))

from chaos_proxy import Plan, proxies_before  # noqa: E402 - the path above is theirs
from running_site import (  # noqa: E402
    Site,
    Undisturbed,
    differing,
    fetched,
    kill_moments,
    kill_one,
    published,
    undisturbed_run,
)

from pipelines.home import Home  # noqa: E402

SERVERS = {
    "github": "http://127.0.0.1:8900",
    "jira": "http://127.0.0.1:8901",
    "pagerduty": "http://127.0.0.1:8901",
}
SEEDS = range(1, 7)
SHARE = 0.1
KILL_SEED, KILLS = 5, 25
FIRST_LINE = "step name=configuration"


@contextmanager
def recorded_site(folder: Path) -> Iterator[Site]:
    """The servers of the configuration behind proxies."""
    text = (HERE / "outcomes.toml").read_text(encoding="utf-8")
    with proxies_before(SERVERS) as proxies:
        for name, address in SERVERS.items():
            head, place, rest = text.partition(f'name = "{name}"\n')
            text = head + place + rest.replace(address, proxies[name].url, 1)
        configuration = folder / "outcomes.toml"
        configuration.write_text(text, encoding="utf-8")
        yield Site(datetime.now(UTC), proxies, configuration)


def compare(what: str, home: Home, undisturbed: Undisturbed) -> None:
    """Say whether a home holds what an undisturbed run leaves; end where it does not."""
    different = differing(fetched(home), undisturbed.fetched)
    different += differing(published(home), undisturbed.published)
    print(f"{what}: {'equal' if not different else 'DIFFERENT: ' + ', '.join(different)}", flush=True)
    if different:
        sys.exit(1)


def with_faults(site: Site, undisturbed: Undisturbed, seed: int, home: Home) -> str:
    """One run in which every tenth answer fails; what was injected."""
    for source, requests in undisturbed.requests.items():
        plan = Plan.share(Random(f"{seed}/{source}/share"), requests, SHARE)
        site.proxies[source].follow(plan)
    code, command = site.run(home)
    asked = sum(proxy.requests for proxy in site.proxies.values())
    failed = sum(proxy.injected.total() for proxy in site.proxies.values())
    if code:
        sys.exit(f"seed {seed}: exit code {code}: {command.errors}")
    return f"faults, seed {seed}: {failed} of {asked} answers failed"


def with_kills(site: Site, undisturbed: Undisturbed, home: Home) -> str:
    """Runs that are killed one after the other, and one that is left alone; how soon they started."""
    for proxy in site.proxies.values():
        proxy.follow(Plan())
    launched = []
    with ExitStack() as stack:

        def launch():  # type: ignore[no-untyped-def]
            launched.append(stack.enter_context(site.running(home)))
            return launched[-1]

        for moment in kill_moments(undisturbed, Random(KILL_SEED), KILLS):
            kill_one(launch, moment)
        if launch().end():
            sys.exit(f"the run after the kills: {launched[-1].errors}")
        starts = [at for one in launched if (at := one.wait_for(FIRST_LINE)) is not None]
    middle = statistics.median(starts)
    return f"{KILLS} kills, seed {KILL_SEED}: {len(launched)} runs, the median one started in {middle:.1f} s"


def main() -> None:
    commit = subprocess.run(
        ["git", "rev-parse", "--short", "HEAD"], capture_output=True, text=True, check=True
    )
    print(f"commit {commit.stdout.strip()}")
    with tempfile.TemporaryDirectory() as name, recorded_site(Path(name)) as site:
        folder = Path(name)
        undisturbed = undisturbed_run(site, Home(folder / "undisturbed"))
        asked = sum(undisturbed.requests.values())
        print(f"undisturbed: {asked} answers in {undisturbed.seconds:.0f} s", flush=True)
        for seed in SEEDS:
            home = Home(folder / f"faults-{seed}")
            compare(with_faults(site, undisturbed, seed, home), home, undisturbed)
        home = Home(folder / "kills")
        compare(with_kills(site, undisturbed, home), home, undisturbed)


if __name__ == "__main__":
    main()
