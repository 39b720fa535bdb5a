"""A health check as Markdown of GitHub's flavour: the page's sections with every number in words.

Texts from outside stay texts: all that Markdown, HTML or GitHub could read as markup is escaped.
"""

import re
from collections.abc import Iterable, Sequence

from dashboard import words
from dashboard.figures import Figure
from dashboard.health.document import HealthCheck, Mix, Outcome, Promise
from dashboard.markup import one_line
from dashboard.report import html, wording
from dashboard.report.digest_document import safe_url
from dashboard.survey_results import Said

_MARKUP = re.compile(r"([\\`*_{}\[\]#|~!$])")
_POINT = re.compile(r"^(\d*)([-+=.)])(?=\s|$|[-+=])")
"""What would begin a list, or underline a heading."""
_ADDRESS = re.compile(r"(://|\bwww\.)", re.IGNORECASE)
JOINER = "\u2060"
"""Has no width. After an @ it keeps a text from becoming an address or a mention, which no escape does."""


def render(check: HealthCheck) -> str:
    """The whole page, ended by a line break."""
    blocks = [f"# {escaped(check.title)}", f"**{escaped(check.name)}**", escaped(check.lede)]
    blocks.append(_list([wording.kept(check), *_answers(check), *check.header.rests_on]))
    for section in html.sections(check):
        blocks.append(f"## {section.number}. {escaped(section.title)}")
        blocks += [f"*{escaped(section.sub)}*"] if section.sub else []
        blocks += _PARTS[section.key](check)
    return "\n\n".join(filter(None, blocks)) + "\n"


def escaped(text: object) -> str:
    """A text from outside as one line that Markdown shows as it is."""
    line = one_line(str(text)).strip().replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    line = _MARKUP.sub(r"\\\1", line)
    line = _ADDRESS.sub(lambda found: found[0].replace(":", r"\:").replace(".", r"\."), line)
    line = _POINT.sub(r"\1\\\2", line)
    return line.replace("@", f"@{JOINER}")


def _list(lines: Iterable[str]) -> str:
    """One point a line; the lines are texts still."""
    return "\n".join(f"- {escaped(line)}" for line in lines)


def _table(heads: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """Cells are texts still."""
    lines = [heads, ["---"] * len(heads)]
    drawn = ["| " + " | ".join(lines[0]) + " |", "| " + " | ".join(lines[1]) + " |"]
    drawn += ["| " + " | ".join(escaped(cell) for cell in row) + " |" for row in rows]
    return "\n".join(drawn)


def _answers(check: HealthCheck) -> list[str]:
    return [f"survey {check.header.answers}"] if check.header.answers else []


def _promises(check: HealthCheck) -> list[str]:
    if not check.promises.items:
        return [escaped(check.promises.sentence)]
    return ["\n".join(map(_promise, check.promises.items))]


def _promise(promise: Promise) -> str:
    state, url, told = html.STATES[promise.state][1], safe_url(promise.url), wording.promised(promise)
    if url:
        return f"- **{state}**: [{escaped(promise.what)}](<{url}>). {escaped(told)}"
    return f"- **{state}**: {escaped(f'{wording.ended(promise.what)} {told}')}"


def _theme(check: HealthCheck) -> list[str]:
    if check.theme is None:
        return ["No theme was chosen for this quarter."]
    rows = [
        (
            one.figure.definition.title,
            f"{wording.from_to(one)}, {wording.since(one)}",
            wording.rests_on(one.figure),
            wording.verdict(one.figure),
        )
        for one in check.theme.indicators
    ]
    table = _table(["Number", "From the baseline to now", "Counted", "Verdict"], rows) if rows else ""
    work = [escaped(check.theme.work)] if check.theme.work else []
    return [f"**{escaped(check.theme.sentence)}**", escaped(check.theme.why), *work, table]


def _talk(check: HealthCheck) -> list[str]:
    blocks = []
    for point in check.talk.points:
        blocks.append(f"### {escaped(point.sentence)}")
        blocks.append(_list([wording.verdict(point.figure), *point.evidence]))
        blocks += [escaped(point.beside)] if point.beside else []
        blocks.append(f"*{escaped(point.question)}*")
    return [*blocks, escaped(check.talk.close)]


def _outcomes(check: HealthCheck) -> list[str]:
    blocks = [block for outcome in check.outcomes for block in _outcome(outcome)]
    policy = check.budget_policy
    return [*blocks, f"Agreed for when an error budget runs low: {escaped(policy)}" if policy else ""]


def _outcome(outcome: Outcome) -> list[str]:
    figure = outcome.figure
    lines = [*_told(figure), *outcome.foot]
    lines += [f"Teams: {wording.tally(outcome.teams)}"] if outcome.teams else []
    title = f"### {escaped(figure.definition.title)}: {escaped(wording.value(figure))}"
    return [title, _list(filter(None, lines))]


def _told(figure: Figure) -> list[str]:
    past = wording.past(figure)
    return [wording.verdict(figure), wording.rests_on(figure), f"Quarter by quarter: {past}" if past else ""]


def _indicators(check: HealthCheck) -> list[str]:
    both = check.indicators
    answered = f", {escaped(both.answered)}" if both.answered else ""
    nothing = "No number of these has been measured here."
    systems = _systems(both.systems, both.mix) if both.systems or both.mix else nothing
    people = _people(both.people) if both.people else escaped(both.no_people or "Nothing was asked.")
    return ["### What the systems record", systems, f"### What people say{answered}", people]


def _systems(shown: Sequence[Figure], mix: Mix | None) -> str:
    rows: list[Sequence[str]] = [
        (f.definition.title, wording.value(f), wording.rests_on(f), wording.verdict(f), wording.past(f))
        for f in shown
    ]
    rows += [(mix.name, mix.now, mix.counted, "", mix.before)] if mix else []
    return _table(["Number", "This quarter", "Counted", "Verdict", "Quarter by quarter"], rows)


def _people(shown: Sequence[Said]) -> str:
    rows = [(one.name, wording.score(one), wording.answered(one), wording.last(one)) for one in shown]
    return _table(["Topic", "Score, 0 to 100", "Answers", "Against last time"], rows)


def _pairs(check: HealthCheck) -> list[str]:
    blocks = []
    for pair in check.pairs:
        meeting = wording.meeting(pair, words.short_period(check.quarter))
        systems, people = (" ".join(side) for side in pair.facts)
        facts = [f"What the systems record. {systems}", f"What people say. {people}"]
        verdicts = (f"{figure.definition.title}: {wording.verdict(figure)}." for figure in pair.systems)
        facts += [f"Verdicts. {' '.join(verdicts)}"]
        facts += [f"Where the two meet. {meeting}"] if meeting else []
        blocks += [f"### {escaped(pair.name)}", _list(facts), f"*{escaped(pair.question)}*"]
        blocks.append(escaped(pair.note))
    return blocks


def _governance(check: HealthCheck) -> list[str]:
    rows = [
        (item.figure.definition.title, wording.value(item.figure), item.told, wording.verdict(item.figure))
        for item in check.governance
    ]
    return [_table(["Number", "This quarter", "Counted", "Verdict"], rows)]


def _went_well(check: HealthCheck) -> list[str]:
    return ["\n".join(f"- {escaped(one)}" for one in check.went_well)]


def _said_done(check: HealthCheck) -> list[str]:
    return [_table(["You said", "We did"], [(one.said, one.did) for one in check.said_done])]


def _cannot_tell(check: HealthCheck) -> list[str]:
    return [
        "\n".join(
            f"- **{html.LIMITS[limit.kind][1]}**: {escaped(limit.sentence)}" for limit in check.cannot_tell
        )
    ]


def _next(check: HealthCheck) -> list[str]:
    agreed, blocks = check.next, []
    if agreed.actions:
        blocks.append(_table(wording.ACTION_HEADS, map(wording.action, agreed.actions)))
    elif agreed.no_change:
        blocks.append(f"**No change, and why:** {escaped(agreed.no_change)}")
    else:
        blocks.append("No action is agreed yet.")
    blocks += [f"Next theme: **{escaped(agreed.theme)}**"] if agreed.theme else []
    if agreed.decisions:
        rows = [(d.what, *wording.place(d), d.owner_level, wording.when(d)) for d in agreed.decisions]
        blocks += ["### Decisions by risk and reach"]
        blocks.append(_table(["Decision", "Risk", "Reach", "Decided by", "When"], rows))
    if agreed.latencies:
        known = [(*wording.place(one), wording.latency(one.figure)) for one in agreed.latencies]
        blocks += ["### How long decisions take, by risk and reach"]
        blocks.append(_table(["Risk", "Reach", "Proposed in the quarter"], known))
    return blocks


_PARTS = html.by_key(
    _promises, _theme, _talk, _outcomes, _indicators, _pairs,
    _governance, _went_well, _said_done, _cannot_tell, _next,
)  # fmt: skip
