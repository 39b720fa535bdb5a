"""Technical and team indicators side by side: two lists, each with its own hue and mark, never one sum."""

from collections.abc import Sequence

from dashboard import components, survey_bar, survey_words
from dashboard.components import chip
from dashboard.figures import Figure
from dashboard.health.document import HealthCheck, Mix
from dashboard.markup import text
from dashboard.survey_results import Said

NOT_TESTED = "Not tested: a reading of one moment or a share of a whole has no test here."


def part(check: HealthCheck) -> tuple[str, str]:
    """The sub-line and the two lists."""
    both = check.indicators
    if not both.systems and not both.mix and not both.people and not both.no_people:
        return "", ""
    systems = "".join(map(_system, both.systems)) + (_mix(both.mix) if both.mix else "")
    systems = systems or _nothing("No number of these has been measured here.")
    people = "".join(map(_voice, both.people)) or _nothing(both.no_people or "Nothing was asked.")
    answered = f", {both.answered}" if both.answered else ""
    left = f'<div class="eo-side eo-sys">What the systems record</div><ul class="eo-rows">{systems}</ul>'
    left += f'<p class="eo-note">{NOT_TESTED}</p>' if any(f.state == "untested" for f in both.systems) else ""
    right = (
        f'<div class="eo-side eo-ppl">What people say{text(answered)}</div><ul class="eo-rows">{people}</ul>'
    )
    right += f'<p class="eo-note">{text(_key(both.people))}</p>' if both.people else ""
    body = f'<div class="eo-sides"><div>{left}</div><div>{right}</div></div>'
    judged = "" if check.kind == "team" else " Differences of scores are shown, not judged."
    return f"Left what the systems record, right what people say. Read across, never add up.{judged}", body


def _key(people: Sequence[Said]) -> str:
    """What the shapes of the bars are, of those that are drawn."""
    told = [said for said in people if said.now is not None and said.now.value is not None]
    bands = any(said.now and said.now.label for said in told)
    parts = ["Scores from 0 to 100.", "Block: a band." if bands else "Thin mark: this time."]
    parts += ["Outline: last time."] if any(said.before for said in told) else []
    open_ = any(said.now and said.now.if_all_had_answered for said in told)
    return " ".join([*parts, "Pale: where it would lie had all answered."] if open_ else parts)


def _system(figure: Figure) -> str:
    return (
        f'<li class="eo-line"><span class="eo-h3">{text(figure.definition.title)}</span>'
        f"<span>{components.cell(figure, figure.scale)}</span>"
        f"<span>{components.verdict(figure)}</span></li>"
    )


def _mix(mix: Mix) -> str:
    under = "; ".join(filter(None, [mix.counted, mix.before]))
    return (
        f'<li class="eo-line"><span class="eo-h3">{text(mix.name)}</span><span class="eo-wide">'
        f'<b>{text(mix.now)}</b><span class="eo-under">{text(under)}</span></span></li>'
    )


def _voice(said: Said) -> str:
    now = said.now
    name = f'<span class="eo-h3">{text(said.name)}</span>'
    if now is None or now.value is None:
        why = survey_words.withheld(now.reason if now else None)[1]
        return (
            f'<li class="eo-line">{name}<span class="eo-wide">{chip("hatch", "Withheld")} '
            f'<span class="eo-note">{text(why)}</span></span></li>'
        )
    return (
        f'<li class="eo-line">{name}<span>{survey_bar.track(said)}'
        f'<span class="eo-under">{text(survey_words.answered(now))}</span></span>'
        f"<span><b>{text(survey_words.value(now))}</b> {last(said)}</span></li>"
    )


def last(said: Said) -> str:
    """How a score stands to last time, in words without colour."""
    if said.before is None:
        return f'<span class="eo-note">{text(survey_words.gap(said.gap or "first")[0])}</span>'
    change = survey_words.difference(said)
    before = text(f"last time {survey_words.value(said.before)}")
    if change is not None:
        return f'<span class="eo-note">{text(survey_words.points(change))}, {before}</span>'
    found = survey_words.chip(said)
    if found and said.direction == "same":
        return chip(*found, "line")
    return f'{chip(*found, "line") if found else ""} <span class="eo-note">{before}</span>'


def _nothing(sentence: str) -> str:
    return f'<li class="eo-line">{chip("none", "No data")} <span class="eo-note">{text(sentence)}</span></li>'
