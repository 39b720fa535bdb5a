"""A run that is killed ends as an undisturbed one does the next time; many more kills are in `make soak`."""

import sys
from contextlib import ExitStack
from random import Random

import a_few_metrics
from running_site import assert_same_content, kill_moments, kill_one, site_of, undisturbed_run

from pipelines.home import Home

SCALE = 0.05
SEED = 3


def test_a_kill_loses_nothing(tmp_path):
    program = (sys.executable, a_few_metrics.__file__)
    with site_of(SCALE, tmp_path, with_scenarios=False, program=program) as site, ExitStack() as stack:
        undisturbed = undisturbed_run(site, Home(tmp_path / "undisturbed"))
        home = Home(tmp_path / "home")
        (moment,) = kill_moments(undisturbed, Random(SEED), 1)
        kill_one(lambda: stack.enter_context(site.running(home)), moment)
        code, command = site.run(home)
        assert code == 0, command.errors
        assert_same_content(home, undisturbed)
