"""The shipped banks, in the words of the design; files of one's own, and what is refused."""

import tomllib
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from connectors.ballots.pages import promise
from pipelines.survey import bank as banks
from pipelines.survey.bank import BANKS, BankError, asked, combined, load, shipped, shipped_names
from pipelines.survey.bank_shapes import Sentence

QUARTERLY = """
E1 engagement Most weeks I look forward to what this team is working on.
E2 engagement If I were offered a similar job elsewhere, I would rather stay on this team.
P1 psychological_safety Here I can raise a problem or an unpopular view without paying for it later.
P2R psychological_safety When something goes wrong, we start by looking for who did it.
P3 psychological_safety Asking a teammate for help is easy.
S1 strategy I can explain how my current work helps our users or customers.
G1 growth In the last three months I got feedback specific enough to act on.
G2 growth I am getting chances to learn or lead something new.
G3 growth When we tell our leads what should change, something happens.
W1 pace I could keep up this pace for another year.
W2R pace Lately the amount of work has been more than we can do well.
C1 connection I feel part of this team wherever each of us works.
C2 connection In discussions everyone gets a fair hearing, wherever they sit \
and however long they have been here.
F1 flow I usually get long enough without interruption to do my best work.
F2 flow Getting a change reviewed and live is quick enough.
F3 flow I can change our code with confidence that it will not break.
"""
PULSE = """
S2 theme Our quarterly theme helps me decide what not to do.
W1 pace I could keep up this pace for another year.
X1 follow_through The action we agreed at the last health check is moving.
"""
DORA = """
DC1 culture In my organization, cross-functional collaboration is encouraged and rewarded.
DC2 culture In my organization, new ideas are welcomed.
DC3 culture In my organization, failures are treated primarily as opportunities to improve the system.
DC4 culture In my organization, information is actively sought.
DC5 culture In my organization, messengers are not punished when they deliver news \
of failures or other bad news.
DC6 culture In my organization, responsibilities are shared.
"""
ONE = {
    "one_to_one": "T1 one_to_one My last 1:1 was worth the time.",
    "meeting": "M1 meeting This meeting was worth the time.",
}
LANGUAGES = ("en", "de")


def said(bank):
    return [f"{item.id} {item.dimension} {item.text}" for item in bank.items]


# --- what is shipped


@pytest.mark.parametrize(
    ("name", "words"), [("quarterly", QUARTERLY), ("pulse", PULSE), ("dora_culture", DORA), *ONE.items()]
)
def test_the_words_are_those_that_were_decided(name, words):
    assert said(shipped(name)) == words.strip().splitlines()
    assert {item.version for item in shipped(name).items} == {1}


def test_two_quarterly_statements_are_reversed_and_one_stays_with_departments():
    bank = shipped("quarterly")
    assert [item.id for item in bank.items if item.is_reversed] == ["P2R", "W2R"]
    assert [item.id for item in bank.items if item.least_level != "unit"] == ["E2"]
    assert len(bank.dimensions) == 7
    assert bank.comment_question == "One thing that would make next quarter better?"
    assert bank.least_level_of("engagement") == "unit", "its other statement may be shown"


def test_culture_is_of_the_whole_organisation_and_onboarding_of_newcomers():
    bank = shipped("dora_culture")
    assert {bank.least_level_of(dimension.id) for dimension in bank.dimensions} == {"organisation"}
    assert len(shipped("onboarding").items) == 2
    assert "joined at least 45 days ago" in shipped("onboarding").when
    assert [name for name in shipped_names() if shipped(name).is_yearly] == ["dora_culture"]
    assert [name for name in shipped_names() if shipped(name).is_of_newcomers] == ["onboarding"]


@pytest.mark.parametrize("language", LANGUAGES)
def test_dora_is_named_wherever_its_statements_are_asked(language):
    for bank in (shipped("dora_culture"), asked(None, ["dora_culture"], Path())):
        for part in ("DORA", "CC BY 4.0", "https://creativecommons.org/licenses/by/4.0/"):
            assert part in bank.translated(language).attribution
    assert {name for name in shipped_names() if shipped(name).attribution} == {"dora_culture"}


@pytest.mark.parametrize("name", shipped_names())
def test_every_shipped_bank_is_in_every_language_and_says_that_it_is_not_validated(name):
    bank = shipped(name)
    assert bank.languages() == list(LANGUAGES)
    assert "validated" in bank.wording
    german = bank.translated("de")
    assert "validiert" in german.wording
    assert [(i.id, i.version, i.is_reversed, i.least_level) for i in german.items] == [
        (i.id, i.version, i.is_reversed, i.least_level) for i in bank.items
    ]
    assert not {i.text for i in german.items} & {i.text for i in bank.items}
    assert not set(german.scale) & set(bank.scale)
    assert german.translated("en") == bank
    assert german.languages() == bank.languages()


@pytest.mark.parametrize("name", shipped_names())
@pytest.mark.parametrize("language", LANGUAGES)
def test_sections_and_dimensions_hold_every_item_once(name, language):
    bank = shipped(name).translated(language)
    everything = sorted(item.id for item in bank.items)
    assert sorted(one for section in bank.sections for one in section.items) == everything
    assert sorted(one for dimension in bank.dimensions for one in dimension.items) == everything
    assert len(bank.scale) == 5


@pytest.mark.parametrize("language", LANGUAGES)
def test_an_id_means_the_same_words_and_the_same_scale_in_all_shipped_banks(language):
    seen = {}
    for name in shipped_names():
        bank = shipped(name).translated(language)
        for item in bank.items:
            words = (item.text, item.is_reversed, item.least_level, bank.scale)
            assert seen.setdefault((item.id, item.version), words) == words


@pytest.mark.parametrize("path", sorted(BANKS.rglob("*.toml")), ids=lambda path: path.name)
def test_shipped_files_pass_the_checks_of_ones_own(path, tmp_path):
    """What is shipped, copied, is an own bank without a change."""
    if path.parent == BANKS:
        copy = tmp_path / path.name
        copy.write_bytes(path.read_bytes())
        assert said(load(copy)) == said(shipped(path.stem))
    else:
        assert path.stem.split(".")[0] in shipped_names()


def test_the_document_tells_the_shipped_words():
    page = (Path(__file__).parents[3] / "docs/survey.md").read_text(encoding="utf-8")
    names = {name: dimension for b in map(shipped, shipped_names()) for name, dimension in _names(b)}
    for name in ("quarterly", "pulse"):
        for item in shipped(name).items:
            mark = {True: " *Reversed*", False: ""}[item.is_reversed]
            mark += " *Never shown below a department*" if item.least_level == "department" else ""
            assert f"| {item.id} | {names[item.id, item.dimension]} | {item.text}{mark} |" in page
    assert all(f"| `{name}` |" in page for name in shipped_names() if shipped(name).kind == "module")


def _names(bank):
    return [((item, one.id), one.name) for one in bank.dimensions for item in one.items]


# --- several on one ballot


def test_a_module_is_asked_beside_the_bank():
    both = asked("quarterly", ["dora_culture"], Path())
    assert len(both.items) == 22
    assert (both.id, both.asks_comment) == ("quarterly", True)
    assert both.translated("de").sections[-1].title == "Die ganze Organisation"
    assert both.languages() == list(LANGUAGES)


@pytest.mark.parametrize("name", ["pulse", "onboarding", "one_to_one", "meeting"])
def test_what_is_asked_apart_is_not_asked_beside(name):
    with pytest.raises(BankError, match="cannot be asked beside quarterly"):
        asked(None, [name], Path())


@pytest.mark.parametrize(
    ("old", "new", "what"),
    [
        ('"Never"', '"Never ever"', "another scale"),
        ('language = "en"', 'language = "sv"', "another language"),
        ('title = "How', 'title = "H', "asks for a comment"),
    ],
)
def test_a_module_that_does_not_fit_is_refused(spoilt, files, old, new, what):
    first = load(files[0])
    files[1].unlink()
    module = load(spoilt(old, new))
    with pytest.raises(BankError, match=what):
        combined([first, replace(module, kind="module")])


def test_a_ballot_has_neither_an_id_twice_nor_too_many():
    dora = shipped("dora_culture")
    with pytest.raises(BankError, match="have the item dc1 in common"):
        combined([shipped("quarterly"), dora, dora])
    others = replace(
        dora,
        items=tuple(replace(item, id=f"Z{n}") for n in range(15) for item in dora.items[:1]),
        dimensions=(replace(dora.dimensions[0], id="other"),),
        sections=(replace(dora.sections[0], id="other"),),
    )
    with pytest.raises(BankError, match="ask 31 items"):
        combined([shipped("quarterly"), others])


# --- a bank of one's own


def test_the_documented_bank_is_accepted(files):
    bank = load(files[0])
    assert said(bank) == [
        "Q1 focus I can work without being interrupted.",
        "Q2R focus I am pulled into other work.",
    ]
    assert (bank.items[1].is_reversed, bank.items[1].least_level) == (True, "department")
    assert bank.translated("de").items[0].text == "Ich kann arbeiten, ohne unterbrochen zu werden."
    assert asked("our-survey.toml", [], files[0].parent) == bank


FIRST = "I can work without being interrupted."
TITLE = 'title = "The work"'
NAME = 'name = "Focus"'
NOT_PLAIN = [
    ("without being <b>interrupted</b>", "has markup"),
    ("without &nbsp; blanks", "has markup"),
    ("with **stress**", "has markup"),
    ("for {team}", "has markup"),
    ("in two\\nlines", "has a line break or an invisible character"),
    ("in a \\u001b[31mcolour", "has a line break or an invisible character"),
    ("in \\u202eanother direction", "has a line break or an invisible character"),
    ("in pie\\u200bces", "has a line break or an invisible character"),
    ("in another\\u2028line", "has a line break or an invisible character"),
    (" ", "must not be empty"),
    ("at the end ", "begins or ends with a blank"),
    ("long" * 50 + "x", "has 201 characters. Write it in at most 200"),
]


@pytest.mark.parametrize(
    ("old", "new", "line"),
    [
        ('wording = "', 'autor = "x"\nwording = "', "autor: is not a known key"),
        ("reversed = true", "revrsed = true", "item[Q2R].revrsed: is not a known key. Did you mean"),
        ('id = "Q1" ', "#", "item[1].id: is missing. Add it"),
        ('id = "Q2R"', 'id = "q1"', "item[q1].id: entry 2 repeats the id of an earlier item"),
        ('id = "Q2R"', 'id = "Q 2"', "item[2].id: is not an id of up to twelve letters"),
        ('id = "Q2R"', 'id = "Q\\u001b"', "item[2].id: is not an id of up to twelve letters"),
        (TITLE, f'{TITLE}\n[[section]]\nid = "work"\ntitle = "U"', "section[work].id: entry 2 repeats"),
        ('scale = ["Never", ', "scale = [", "scale: has 4 points. Label five"),
        ('scale = ["Never"', 'scale = ["No", "Never"', "scale: has 6 points. Label five"),
        ('"Seldom"', '"NEVER"', "scale: has the same label twice"),
        ('scale = ["Never", "Seldom", "Sometimes", "Often", "Always"]', "scale = 5", "scale: must be a list"),
        ('prefer_not_to_say = "Prefer not to say"\n', "", "prefer_not_to_say: is missing"),
        ('dimension = "focus"\n', "", "item[Q1].dimension: is missing"),
        ('dimension = "focus"', 'dimension = "focsu"', "item[Q1].dimension: names no dimension of this file"),
        ('section = "work"', 'section = "play"', "item[Q1].section: names no section of this file"),
        (NAME, f'{NAME}\n[[dimension]]\nid = "idle"\nname = "I"', "dimension[idle]: has no items"),
        ("version = 1", "version = 0", "item[Q1].version: must be at least 1"),
        ("version = 1", 'version = "1"', "item[Q1].version: must be a whole number"),
        ('= "department"', '= "person"', "item[Q2R].least_level: must be one of unit, department"),
        ("comment_warning", "# comment_warning", "comment_warning: is missing, and a comment is never asked"),
        ('language = "en"', 'language = "english"', "language: is not a language"),
        ("I am pulled into other work.", FIRST, "item[Q2R].text: is asked by an earlier item"),
        *[(FIRST, new, f"item[Q1].text: {what}") for new, what in NOT_PLAIN],
    ],
)  # fmt: skip
def test_a_mistake_is_one_line(spoilt, old, new, line):
    path = spoilt(old, new)
    with pytest.raises(BankError) as refused:
        load(path)
    assert any(told.startswith(f"{path}: {line}") for told in refused.value.lines), refused.value.lines
    assert all(told.isprintable() and ". " in told for told in refused.value.lines)


@pytest.mark.parametrize(
    ("content", "line"),
    [
        (b"", "id: is missing. Add it"),
        (b'id = "a"\nid = "b"\n', "line 2, column 9: is not valid TOML (Cannot overwrite a value)"),
        (b"[[item]]\nid == 3\n", "line 2, column 5: is not valid TOML"),
        (b'a = "\x1b"\n', "is not valid TOML"),
        ("title = 'Größe'".encode("latin-1"), "is not UTF-8 text. Save it as UTF-8"),
        ("title = 'x'".encode("utf-16"), "is not UTF-8 text. Save it as UTF-8"),
        (b"id,text\nQ1,I work\n", "line 1, column 3: is not valid TOML"),
        (b"PK\x03\x04\xff\xfe", "is not UTF-8 text"),
        (b"a = " + b"[" * 20_000, "is not valid TOML"),
        (b"a = " + b"9" * 5_000, "is not valid TOML"),
        (b"#" * 200_001, "is larger than 200,000 bytes"),
        (b'"\\u001b[2J" = 1\n', "?[2J: is not a known key"),
        (b"item = 3\n", "item: must be a list"),
        (b"item = []\n", "item: is empty"),
        (b"[[item]]\n" * 31, "item: has more than 30 entries"),
    ],
    ids=lambda value: str(value[:12]),
)
def test_what_is_no_bank_is_refused_with_its_line(tmp_path, content, line):
    path = tmp_path / "bank.toml"
    path.write_bytes(content)
    with pytest.raises(BankError) as refused:
        load(path)
    assert any(line in told for told in refused.value.lines), refused.value.lines
    assert all(told.startswith(f"{path}: ") and told.isprintable() for told in refused.value.lines)


def test_no_file_a_folder_and_an_unknown_name(tmp_path):
    for path in (tmp_path / "none.toml", tmp_path):
        with pytest.raises(BankError, match="there is no such file"):
            load(path)
    with pytest.raises(BankError, match="Known are quarterly, dora_culture, meeting"):
        shipped("../quarterly")


def test_a_byte_order_mark_and_composed_letters_mean_nothing(files):
    text = files[0].read_text(encoding="utf-8").replace("Focus", "Fo\u0308kus")
    files[0].write_bytes(b"\xef\xbb\xbf" + text.encode())
    assert load(files[0]).dimensions[0].name == "F\u00f6kus"


# --- changed in silence


COPIED = (BANKS / "quarterly.toml").read_text(encoding="utf-8")
GERMAN = (BANKS / "translations/quarterly.de.toml").read_text(encoding="utf-8")


@pytest.fixture
def copied(tmp_path):
    """A copy of the shipped bank with one change, and of its translation with another."""

    def copy(old="", new="", german=("", "")):
        path = tmp_path / "quarterly.toml"
        path.write_text(COPIED.replace(old, new, 1), encoding="utf-8")
        (tmp_path / "translations").mkdir()
        (tmp_path / "translations/quarterly.de.toml").write_text(GERMAN.replace(*german, 1), "utf-8")
        return path

    return copy


@pytest.mark.parametrize(
    ("old", "new", "line"),
    [
        ("Most weeks I", "Every week I", "item[E1].text: differs from the shipped words of version 1"),
        ("reversed = true\n", "", "item[P2R].reversed: differs from the shipped item of version 1"),
        ('"Agree"', '"Mostly agree"', "scale: differs from the scale on which E1 version 1 is answered"),
        ('least_level = "department"', "", "item[E2].least_level: is lower than department"),
        ('id = "E2"\nversion = 1', 'id = "E2"\nversion = 2', None),
    ],
)
def test_other_words_under_the_shipped_version_are_refused(copied, old, new, line):
    path = copied(old, new)
    if line is None:
        with pytest.raises(
            BankError, match=r"quarterly.de.toml: item\[E2\].version: is 1, and the bank has 2"
        ):
            load(path)
        return
    with pytest.raises(BankError) as refused:
        load(path)
    assert any(told.startswith(f"{path}: {line}") for told in refused.value.lines)


def test_words_that_stay_with_departments_do_so_under_any_id(copied):
    path = copied('id = "E2"\nversion = 1', 'id = "STAY"\nversion = 1')
    path.write_text(path.read_text("utf-8").replace('least_level = "department"', ""), encoding="utf-8")
    with pytest.raises(BankError, match=r"item\[STAY\].least_level: is lower than department"):
        load(path)


def test_shipped_words_in_another_language_need_a_translation(copied):
    path = copied('language = "en"', 'language = "sv"')
    with pytest.raises(BankError, match=r"item\[E1\].text: has version 1 of the shipped item"):
        load(path)


def test_a_copy_with_a_third_language_is_accepted(copied, tmp_path):
    path = copied()
    swedish = GERMAN.replace('language = "de"', 'language = "sv"').replace("Dieses Tempo", "Takten")
    (tmp_path / "translations/quarterly.sv.toml").write_text(swedish, encoding="utf-8")
    assert load(path).languages() == ["en", "de", "sv"]
    assert load(path).translated("sv").items[9].text.startswith("Takten")


def test_a_shipped_translation_keeps_its_words(copied):
    with pytest.raises(
        BankError, match=r"item\[W1\].text: differs from the shipped translation of version 1"
    ):
        load(copied(german=("Dieses Tempo", "Das Tempo")))


# --- translations


@pytest.mark.parametrize(
    ("old", "new", "line"),
    [
        ('bank = "ours"', 'bank = "other"', 'bank: is another bank than this one. Write "ours"'),
        ('language = "de"', 'language = "sv"', "language: is not the one in the file's name"),
        ('id = "Q1"', 'id = "Q3"', "item.Q1: is missing"),
        ('id = "Q2R"', 'id = "Q3"', "item[Q3]: is not in the bank"),
        ('id = "Q2R"', 'id = "Q1"', "item[Q1].id: entry 2 repeats"),
        ("version = 1", "version = 2", "item[Q1].version: is 2, and the bank has 1"),
        ('focus = "Kon', 'fokus = "Kon', "dimension.fokus: is not in the bank"),
        ('focus = "Kon', 'fokus = "Kon', "dimension.focus: is missing"),
        ('work = "Die Arbeit"', "", "section.work: is missing"),
        ("comment_warning", "# comment_warning", "comment_warning: is missing. Translate it"),
        ('title = "', 'attribution = "x"\ntitle = "', "attribution: is not in the bank"),
        ('prefer_not_to_say = "Keine Angabe"', "", "prefer_not_to_say: is missing"),
        ('"Nie", ', "", "scale: has 4 points"),
        ("Ich werde", "<i>Ich</i> werde", "item[Q2R].text: has markup"),
    ],
)  # fmt: skip
def test_a_translation_that_does_not_fit_is_refused(spoilt, files, old, new, line):
    path = spoilt(old, new, which=1)
    with pytest.raises(BankError) as refused:
        load(path)
    assert any(told.startswith(f"{files[1]}: {line}") for told in refused.value.lines), refused.value.lines


def test_a_language_that_is_missing_is_said_without_leading_elsewhere(files):
    bank = load(files[0])
    for language in ("fr", "../../de", "\x1b"):
        with pytest.raises(BankError, match="there is no translation into") as refused:
            bank.translated(language)
        assert str(refused.value).isprintable()


# --- whatever is written


@settings(max_examples=50, deadline=None)
@given(st.text(max_size=250))
def test_any_text_is_taken_as_plain_words_or_refused(text):
    """An independent reading of what is plain: one line, short, no brackets of markup, no blank ends."""
    try:
        taken = TypeAdapter(Sentence).validate_python(text)
    except ValidationError:
        taken = None
    if taken is not None:
        assert 0 < len(taken) <= 200
        assert taken == taken.strip()
        assert len(taken.splitlines()) == 1
        assert not set(taken) & set("<>{}`\x00\x1b\u202e\u200b")
    if text.isascii() and text.isalnum() and len(text) <= 200:
        assert taken == text


def test_toml_of_the_banks_needs_nothing_but_a_reader():
    assert {tomllib.loads(path.read_text("utf-8"))["language"] for path in BANKS.glob("*.toml")} == {"en"}
    assert banks.QUARTERLY in shipped_names()


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_quarterly_survey_is_answered_in_under_four_minutes(language):
    """Read at 180 words a minute, slower than most, with the promise before it; five seconds for each choice.

    In English 189 and 137 words: 326 / 180 + 16 * 5 / 60 = 3.14 minutes; in German 201 and 152: 3.29.
    """
    statements = [item.text for item in shipped("quarterly").translated(language).items]
    words = " ".join([*statements, *promise(language)]).split()
    assert len(words) / 180 + len(statements) * 5 / 60 < 4
