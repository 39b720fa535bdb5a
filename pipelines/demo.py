"""The demo: the sandbox organisation behind local servers, read by the unmodified connectors."""

import os
from contextlib import closing
from pathlib import Path

from connectors.inbox.types import FOLDER
from connectors.journal.journal import Journal
from connectors.journal.where import url_of
from connectors.sandbox.configuration import TOKEN_VARIABLE, write_configuration
from connectors.sandbox.guides import write_runbooks
from connectors.sandbox.inbox_files import write_inbox
from connectors.sandbox.organisation import AS_OF
from connectors.sandbox.servers import serve
from connectors.sandbox.simulation import build
from pipelines.assets.workspace import RunOptions
from pipelines.config import load
from pipelines.demo_journal import Freeze, write_journal, write_themes
from pipelines.demo_surveys import hold_surveys
from pipelines.home import Home
from pipelines.progress import Reporter
from pipelines.run import Outcome, prepare_environment, run_job

DEMO_HOME = ".outcomes-demo"
CONFIGURATION_FILE = "outcomes.toml"
RUNBOOKS = "runbooks"


def run_demo(home: Home, reporter: Reporter, freeze: Freeze) -> Outcome:
    """Simulate, serve, ask the people what they were asked, run the nightly job once, stop the servers.

    Themes are written before: the numbers tell what was done for them. The rest of what they wrote is
    written last: the numbers of the demo are those of its registers, and `freeze` keeps quarters of what was
    published.

    Raises:
        WaveError: a survey of an earlier call was interrupted.
    """
    reporter.step("the sandbox organisation")
    home.create()
    configuration = Path(home.path) / CONFIGURATION_FILE
    world = build()
    write_inbox(Path(home.path) / FOLDER, world)
    runbooks = Path(home.path) / RUNBOOKS
    write_runbooks(runbooks)
    running = serve(world, with_sonar=True)
    try:
        write_configuration(configuration, running.urls, world, with_inbox=True, runbooks=runbooks)
        os.environ[TOKEN_VARIABLE] = "sandbox"  # any token will do
        prepare_environment(home, configuration)
        reporter.step("what its people were asked")
        hold_surveys(load(configuration), home, world)
        with closing(Journal.open(url_of(home.path))) as journal:
            write_themes(journal)
        outcome = run_job("nightly", RunOptions(as_of=AS_OF.isoformat(), is_demo=True), home, reporter)
    finally:
        running.stop()
    if outcome.published:
        reporter.step("what its people wrote")
        with closing(Journal.open(url_of(home.path))) as journal:
            write_journal(journal, freeze)
    return outcome
