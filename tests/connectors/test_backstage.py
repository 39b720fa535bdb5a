"""Backstage catalogue files: services, teams and owners, and one clear line for each file that is none."""

from contextlib import closing

import pytest
from pydantic import ValidationError

from connectors.backstage import LARGEST_BYTES, BackstageSource, Settings
from connectors.base import Cursor, InputError, NotFound, SourceContext
from connectors.records import CatalogService, ServiceTeam, Team
from connectors.registry import discover
from pipelines.warehouse import Warehouse

CHECKOUT = """
apiVersion: backstage.io/v1alpha1
kind: Component
metadata:
  name: checkout
  title: Checkout
  annotations:
    github.com/project-slug: acme/checkout
spec:
  type: service
  lifecycle: production
  owner: payments
"""
GROUP = """
apiVersion: backstage.io/v1alpha1
kind: Group
metadata:
  name: payments
spec:
  type: team
  profile: {displayName: Payments}
  parent: commerce
  children: []
"""


@pytest.fixture
def catalogue(tmp_path):
    def write(files=None, /, **keys):
        for name, text in (files or {"catalog-info.yaml": CHECKOUT}).items():
            path = tmp_path / "catalogue" / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(text if isinstance(text, bytes) else text.encode())
        settings = Settings(name="backstage", kind="backstage", **{"path": "catalogue", **keys})
        return BackstageSource(settings, SourceContext(None, (), str(tmp_path)))

    return write


def read(source):
    (batch,) = source.fetch("catalogue", "*", Cursor())
    assert batch.is_final
    return list(batch.records)


def entity(kind="Component", name="checkout", spec="{}", metadata=""):
    return f"kind: {kind}\nmetadata: {{name: {name}{metadata}}}\nspec: {spec}\n"


def owner_of(source):
    return [record.team for record in read(source) if isinstance(record, ServiceTeam)]


def fault_of(source):
    with pytest.raises(InputError) as raised:
        list(source.fetch("catalogue", "*", Cursor()))
    assert "\n" not in str(raised.value)
    return raised.value


def test_the_registry_finds_it():
    kind = discover()["backstage"]
    assert kind.streams == {"catalogue": ("catalog_service", "source_service_team", "source_team")}
    assert kind.scopes_from is None


def test_a_component_is_a_service_and_its_owner_a_team(catalogue):
    assert read(catalogue()) == [
        CatalogService(
            id="component:default/checkout",
            name="Checkout",
            lifecycle="production",
            active_from=None,
            retired_at=None,
            repositories=["acme/checkout"],
            url=None,
        ),
        ServiceTeam(
            id="component:default/checkout|group:default/payments",
            service_id="component:default/checkout",
            team="group:default/payments",
        ),
    ]


def test_a_group_is_a_team(catalogue):
    assert read(catalogue({"catalog-info.yml": GROUP})) == [
        Team(
            id="group:default/payments",
            key="group:default/payments",
            name="Payments",
            parent_id="group:default/commerce",
        )
    ]


def test_several_documents_of_one_file_and_kinds_that_tell_nothing(catalogue):
    text = "---\n".join(
        [
            CHECKOUT,
            "\n",
            GROUP,
            entity("API", "prices"),
            entity("Location", "all", "{targets: [./x]}"),
            entity("System", "shop"),
        ]
    )
    assert [record.id for record in read(catalogue({"catalog-info.yaml": text}))] == [
        "component:default/checkout",
        "component:default/checkout|group:default/payments",
        "group:default/payments",
        "system:default/shop",
    ]


@pytest.mark.parametrize(
    ("owner", "namespace", "expected"),
    [
        ("payments", "", ["group:default/payments"]),
        ("Payments", "", ["group:default/payments"]),
        ("group:payments", "", ["group:default/payments"]),
        ("Group:Shared/Payments", "", ["group:shared/payments"]),
        ("shared/payments", "", ["group:shared/payments"]),
        # What is left out is that of the entity itself.
        ("payments", "shop", ["group:shop/payments"]),
        ("group:default/payments", "shop", ["group:default/payments"]),
        # A person may own a service; who that is, is not kept.
        ("user:ada", "", []),
        ("user:default/ada", "", []),
        ("''", "", []),
        ("'group:'", "", []),
    ],
)
def test_an_owner_is_read_as_backstage_reads_it(catalogue, owner, namespace, expected):
    metadata = f", namespace: {namespace}" if namespace else ""
    text = entity(spec=f"{{owner: {owner}}}", metadata=metadata)
    assert owner_of(catalogue({"catalog-info.yaml": text})) == expected


def test_files_of_all_folders_but_those_of_others(catalogue):
    paths = ["a/catalog-info.yaml", "b/c/catalog-info.yml", "org.yaml", ".git/catalog-info.yaml"]
    paths += ["a/node_modules/x/catalog-info.yaml"]
    files = {path: entity(name=f"s{number}") for number, path in enumerate(paths)}
    assert [one.id[-2:] for one in read(catalogue(files))] == ["s0", "s1"]
    # Patterns choose other files, and leave some out.
    chosen = catalogue(files, include=["*.yaml"], exclude=["a/*"])
    assert [one.id[-2:] for one in read(chosen)] == ["s2"]


def test_a_path_may_be_one_file_or_begin_at_the_root(catalogue, tmp_path):
    files = {"all.yaml": CHECKOUT}
    assert len(read(catalogue(files, path="catalogue/all.yaml"))) == 2
    assert len(read(catalogue(files, path=str(tmp_path / "catalogue/all.yaml")))) == 2


def test_a_folder_that_is_not_there_is_one_line(catalogue):
    source = catalogue(path="elsewhere")
    with pytest.raises(NotFound, match=r"^backstage: `path` names neither a folder nor a file\. Check it"):
        read(source)
    (finding,) = source.check()
    assert (finding.is_fine, finding.where) == (False, "backstage")


def test_a_path_is_demanded():
    with pytest.raises(ValidationError):
        Settings(name="backstage", kind="backstage")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("kind: [Component", "is no YAML in line 1. Mend it there"),
        ("a: 1\nb: *nowhere\n", "is no YAML in line 2. Mend it there"),
        (
            "kind: Component\nmade: !!python/object/apply:os.getcwd []\n",
            "is no YAML in line 2. Mend it there",
        ),
        ("at: 2026-99-99\n", "is no YAML. Mend it"),
        ("[" * 3000, "is no YAML. Mend it"),
        (b"kind: \xff\n", "is not UTF-8 text. Save it as UTF-8"),
        ("just words\n", "holds a document that is no entity. Begin each with apiVersion and kind"),
        ("kind: Component\nmetadata: {}\n", "a component has no metadata.name. Give it one"),
        (
            "kind: Component\nmetadata: checkout\n",
            "`metadata` of an entity is no table. Indent its keys below it",
        ),
        (entity(name="12"), "`name` of an entity is no text. Write it in quotes"),
        (entity(spec="{owner: no}"), "`owner` of an entity is no text. Write it in quotes"),
        (entity(spec="{owner: [payments]}"), "`owner` of an entity is no text. Write it in quotes"),
        (
            CHECKOUT + "---" + CHECKOUT,
            "describes an entity a second time. Remove one of both, or give each a name of its own",
        ),
        ("#" * (LARGEST_BYTES + 1), "is too large for a catalogue file. Check what it is, or exclude it"),
    ],
    ids=range(14),
)
def test_a_file_that_cannot_be_read_is_one_line(catalogue, text, expected):
    source = catalogue({"x/catalog-info.yaml": text, "y/catalog-info.yaml": entity(name="search")})
    assert str(fault_of(source)) == f"backstage/x/catalog-info.yaml: {expected}"
    summary, finding = source.check()
    assert summary.message.startswith("1 services can be read, 0 of them")
    assert (finding.where, finding.is_fine, finding.message) == (
        "backstage/x/catalog-info.yaml",
        False,
        expected,
    )
    assert finding.is_input_error


def test_every_file_at_fault_is_named(catalogue):
    fault = fault_of(catalogue({"a/catalog-info.yaml": "[", "b/catalog-info.yaml": "words"}))
    assert [one.place for one in fault.unread] == [
        "backstage/a/catalog-info.yaml",
        "backstage/b/catalog-info.yaml",
    ]


def test_an_entity_of_two_files_is_told_by_the_first(catalogue):
    fault = fault_of(catalogue({"a/catalog-info.yaml": CHECKOUT, "b/catalog-info.yaml": CHECKOUT}))
    assert fault.where == "backstage/b/catalog-info.yaml"


def test_aliases_that_multiply_are_no_danger(catalogue):
    lines = ["a0: &a0 [x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 30)]
    assert read(catalogue({"catalog-info.yaml": "\n".join(lines)})) == []


def test_one_broken_file_ends_nobodys_ownership(catalogue, tmp_path):
    files = {
        "a/catalog-info.yaml": CHECKOUT,
        "b/catalog-info.yaml": entity(name="search", spec="{owner: find}"),
    }
    with closing(Warehouse(tmp_path / "w.duckdb")) as warehouse:

        def night():
            source = catalogue(files)
            try:
                for batch in source.fetch("catalogue", "*", Cursor()):
                    warehouse.land("run", "backstage", "*", "catalogue", [batch])
            except InputError:
                pass
            return warehouse.con.execute(
                "SELECT team, valid_to FROM raw.source_service_team ORDER BY team"
            ).fetchall()

        both = [("group:default/find", None), ("group:default/payments", None)]
        assert night() == both
        files["b/catalog-info.yaml"] = "kind: ["
        assert night() == both
        files["b/catalog-info.yaml"] = entity(name="search")
        assert night() == both[1:]  # of this very day, so that it never held


def test_a_census_has_the_services_of_now(catalogue):
    assert list(catalogue().census("catalogue", "*")) == ["component:default/checkout"]
    broken = catalogue({"b/catalog-info.yaml": "["})
    with pytest.raises(InputError):
        list(broken.census("catalogue", "*"))


def test_check_says_what_is_there(catalogue):
    (finding,) = catalogue({"catalog-info.yaml": CHECKOUT + "---" + GROUP}).check()
    assert finding.is_fine
    assert finding.message == "1 services can be read, 1 of them with a team that owns them, and 1 teams"
    (nothing,) = catalogue({"catalog-info.yaml": ""}).check()
    assert not nothing.is_fine
