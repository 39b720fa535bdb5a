"""A run killed while it publishes ends as an undisturbed one; kills at all moments are in `make soak`."""

from contextlib import ExitStack

from running_site import PUBLISHING, assert_same_content, kill_one, site_of, undisturbed_run

from pipelines.home import Home

SCALE = 0.05


def test_a_run_killed_while_it_publishes_loses_nothing(tmp_path):
    with site_of(SCALE, tmp_path, with_scenarios=False) as site, ExitStack() as stack:
        undisturbed = undisturbed_run(site, Home(tmp_path / "undisturbed"))
        home = Home(tmp_path / "home")
        kill_one(lambda: stack.enter_context(site.running(home)), (PUBLISHING, 0.1))
        code, command = site.run(home)
        assert code == 0, command.errors
        assert_same_content(home, undisturbed)
