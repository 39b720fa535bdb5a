"""Follows the two walkthroughs of CONTRIBUTING.md: a source and a metric are one file each."""

import sys
import textwrap

import pytest

import connectors
from connectors.base import Source, SourceContext
from connectors.registry import discover
from pipelines.catalog import load_metrics
from pipelines.catalog_page import render
from pipelines.config import ConfigurationError, load

SOURCE = '''
"""A calendar of releases on paper."""

from connectors.base import Batch, Cursor, Finding, SourceSettings
from connectors.traffic import Traffic

KIND = "almanac"
STREAMS = {"releases": ("release",)}
SCOPES_FROM = None


class Settings(SourceSettings):
    shelf: int


class Almanac:
    def __init__(self, settings, context):
        self.name = settings.name
        self.shelf = settings.shelf
        self.traffic = Traffic()

    def scopes(self, stream):
        return ["*"]

    def fetch(self, stream, scope, cursor):
        yield from ()

    def census(self, stream, scope):
        yield from ()

    def check(self):
        return [Finding(self.name, is_fine=True, message=f"shelf {self.shelf}")]

    def close(self):
        pass


def create(settings, context):
    return Almanac(settings, context)
'''


PARTS = {
    "almanac/__init__.py": '"""Releases on paper."""\n',
    "almanac/source.py": SOURCE.replace("\nKIND", "from connectors.almanac.shelf import LONGEST\n\nKIND"),
    "almanac/shelf.py": "LONGEST = 12\n",
}


@pytest.fixture(params=[{"almanac.py": SOURCE}, PARTS], ids=["a file", "a folder"])
def almanac(request, tmp_path, monkeypatch):
    """A further folder of connectors with one source in it."""
    for name, text in request.param.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text)
    monkeypatch.setattr(connectors, "__path__", [*connectors.__path__, str(tmp_path)])
    discover.cache_clear()
    yield
    discover.cache_clear()
    for name in [name for name in sys.modules if name.startswith("connectors.almanac")]:
        del sys.modules[name]


def _configuration(tmp_path, shelf):
    path = tmp_path / "outcomes.toml"
    path.write_text(
        '[organisation]\nid = "acme"\nname = "Acme"\n'
        f'[[source]]\nname = "old"\nkind = "almanac"\nshelf = {shelf}\n'
    )
    return path


@pytest.mark.usefixtures("almanac")
def test_a_source_is_found_by_its_place(tmp_path):
    (settings,) = load(_configuration(tmp_path, 3)).sources
    found = discover()["almanac"]
    assert found.description == "A calendar of releases on paper."
    assert dict(found.streams) == {"releases": ("release",)}
    source = found.create(settings, SourceContext(token=None, scopes=(), home=str(tmp_path)))
    assert isinstance(source, Source)
    assert [finding.message for finding in source.check()] == ["shelf 3"]


@pytest.mark.usefixtures("almanac")
def test_the_keys_of_a_new_source_are_checked(tmp_path):
    with pytest.raises(ConfigurationError, match=r"source\[old\]\.shelf: must be a whole number"):
        load(_configuration(tmp_path, '"top"'))


METRIC = """
    /*
    title = "Releases with a song"
    question = "How many releases came with a song?"
    formula = "releases that have a song"
    family = "delivery"
    unit = "count"
    direction = "neutral"
    kind = "count"
    item_kind = "release"
    grains = ["quarter"]
    statistics = ["count"]
    window = "The day of the release."
    owner = "choir"
    since = 2026-11-01
    version = 1
    caveats = ["Humming is not counted."]
    not_for = ["Comparing teams."]
    references = ["The choir's rules"]
    depends_on = ["facts.fct_deployment"]

    [reasons]

    [columns]
    item_kind = "release"
    item_id = "source:id"
    service_id = "the service"
    team_id = "its owner"
    started_at = "none"
    ended_at = "none"
    on_date = "the release's day"
    value = "1"
    is_event = "always"
    is_open = "never"
    excluded_reason = "none"
    link_method = "none"
    confidence = "none"
    */
    SELECT 1
"""


def test_a_metric_is_found_by_its_file_and_gets_its_page(tmp_path):
    (tmp_path / "songs.sql").write_text(textwrap.dedent(METRIC).lstrip())
    metrics = load_metrics(tmp_path)
    assert list(metrics) == ["songs"]
    assert "### Releases with a song\n\n`songs`\n" in render(metrics)


def test_a_metric_without_caveats_is_refused(tmp_path):
    text = textwrap.dedent(METRIC).lstrip().replace('["Humming is not counted."]', "[]")
    (tmp_path / "songs.sql").write_text(text)
    with pytest.raises(Exception, match=r"songs\.sql:\d+: caveats"):
        load_metrics(tmp_path)
