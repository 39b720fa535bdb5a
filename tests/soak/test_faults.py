"""Whatever servers do to requests, the rows end up the same as if they had done nothing."""

from random import Random

import pytest

pytestmark = pytest.mark.soak

SEEDS = range(1, 7)
SHARE = 0.1


@pytest.fixture
def follow(site, chaos):
    """Give each source's proxy a plan; afterwards nothing is disturbed."""

    def begin(plans):
        for source, plan in plans.items():
            site.proxies[source].follow(plan)

    yield begin
    begin(dict.fromkeys(site.proxies, chaos.Plan()))


@pytest.mark.parametrize("seed", SEEDS)
def test_faults_leave_no_trace(site, chaos, undisturbed, leaves_the_same, follow, home, seed):
    plans = {
        source: chaos.Plan.drawn(Random(f"{seed}/{source}"), requests)
        for source, requests in undisturbed.requests.items()
    }
    follow(plans)
    code, command = site.run(home)
    assert (code, command.errors) == (0, [])
    for source, proxy in site.proxies.items():
        planned = {fault: plans[source].entries.count(fault) for fault in chaos.Fault}
        assert min(planned.values()) > 0
        assert dict(proxy.injected) == planned, source
    leaves_the_same(home)


@pytest.mark.parametrize("seed", SEEDS)
def test_one_answer_in_ten_fails_and_nothing_is_lost(
    site, chaos, undisturbed, leaves_the_same, follow, home, seed
):
    plans = {
        source: chaos.Plan.share(Random(f"{seed}/{source}/share"), requests, SHARE)
        for source, requests in undisturbed.requests.items()
    }
    follow(plans)
    code, command = site.run(home)
    assert (code, command.errors) == (0, [])
    asked = sum(proxy.requests for proxy in site.proxies.values())
    failed = sum(proxy.injected.total() for proxy in site.proxies.values())
    assert SHARE / 2 < failed / asked < SHARE * 2
    leaves_the_same(home)


def test_an_outage_is_one_error_per_source_and_the_next_run_completes(
    site, chaos, undisturbed, leaves_the_same, follow, home
):
    random = Random(11)
    lasting = random.sample([one for one in chaos.Fault if one is not chaos.Fault.SLOW], len(site.proxies))
    plans = {
        source: chaos.Plan([None] * random.randrange(1, requests), then=fault)
        for (source, requests), fault in zip(undisturbed.requests.items(), lasting, strict=True)
    }
    follow(plans)
    code, command = site.run(home)
    assert code == 1
    assert len(command.errors) == len(plans), command.errors
    for source in plans:
        (error,) = [line for line in command.errors if line.startswith(f"error: {source}")]
        assert "6 times in a row" in error
    follow(dict.fromkeys(plans, chaos.Plan()))
    code, command = site.run(home)
    assert (code, command.errors) == (0, [])
    leaves_the_same(home)
