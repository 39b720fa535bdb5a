"""The fictional organisation's runbooks are read as they were meant."""

from datetime import date
from pathlib import Path

from connectors.base import Cursor, SourceContext
from connectors.records import Runbook
from connectors.runbooks import Runbooks, Settings
from connectors.sandbox.guides import ADDRESS, write_runbooks


def test_each_shows_one_thing_that_a_runbook_may_lack(tmp_path: Path) -> None:
    write_runbooks(tmp_path)
    settings = Settings(name="runbooks", kind="runbooks", path=str(tmp_path), base_url=ADDRESS)
    source = Runbooks(settings, SourceContext(None, (), ""))
    found = {
        one.service: one
        for batch in source.fetch("runbooks", "*", Cursor())
        for one in batch.records
        if isinstance(one, Runbook)
    }
    source.close()

    assert len(found) == 9
    assert [service for service, one in found.items() if one.broken_link_count] == ["payments"]
    assert [service for service, one in found.items() if not one.has_upgrade_paths] == ["sign-in"]
    assert all(one.has_patterns and one.has_anti_patterns for one in found.values())
    assert found["catalogue-search"].changed_on == date(2025, 11, 20)
    assert found["tracking-web"].url == f"{ADDRESS}/tracking-web/runbook.md"
