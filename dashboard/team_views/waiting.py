"""The morning view: what waits, and what of it for too long. It is of today, whatever quarter is chosen."""

from connectors.journal.entries import Agreement
from dashboard import components, snapshot, waiting, words
from dashboard.components import Column, chip, section, show
from dashboard.markup import text
from dashboard.report.waiting import is_of_few, lasting
from dashboard.team_views.looked_at import Looked
from dashboard.waiting import ITEMS_AT_MOST, Queue


def draw(looked: Looked) -> None:
    """Everything that waits as of the snapshot, kind by kind."""
    if is_of_few(looked.path, looked.scope):
        section("What waits")
        show(components.state("", "hatch", "Nothing shown", words.few_people()))
        return
    found = waiting.queues(looked.path, looked.entries, looked.scope)
    as_of = words.moment(snapshot.run(looked.path).as_of)
    show(f'<p class="eo-say">{text(waiting.sentence(found))}</p>')
    show(f'<p class="eo-note">As of {text(as_of)}. Items and changes, not people.</p>')
    for queue in found:
        _queue(queue)
    _agreed(looked)


def _queue(queue: Queue) -> None:
    section(queue.title, _sub(queue))
    if not queue.many:
        show(f'<p class="eo-note">{text(queue.nothing)}</p>')
        return
    heads = [Column(words.sentence(queue.thing)), Column("Service"), Column(queue.began)]
    columns = [*heads, Column("Since then", is_number=True)]
    rows = []
    for item in queue.items:
        mark = f" {chip('clock', 'too long', 'line')}" if item.is_long and queue.rule else ""
        began = words.day(item.since) if queue.key == waiting.PAST else words.moment(item.since)
        name = components.link(item.label, item.url)
        rows.append([name, text(item.service or "no service"), text(began) + mark, text(lasting(item.hours))])
    table = components.table(queue.title, columns, rows, phone="brief")
    show(f'<div class="eo-alike">{table}</div>')
    if queue.many > ITEMS_AT_MOST:
        show(f'<p class="eo-note">The {ITEMS_AT_MOST} longest of {queue.many:,}.</p>')


def _sub(queue: Queue) -> str:
    rule = f"{queue.rule[:1].lower()}{queue.rule[1:]}" if queue.rule else ""
    if not queue.many:
        return f"Too long is {rule}" if rule else ""
    if queue.many == 1:
        return f"One{', ' if queue.long else ', not '}{rule}" if rule else "One."
    counted = f"{queue.many:,}, the longest waiting first."
    if not rule:
        return counted
    if queue.long == queue.many:
        return f"{counted} All {rule}"
    return f"{counted} {words.sentence(words.amount(queue.long)) if queue.long else 'None'} {rule}"


def _agreed(looked: Looked) -> None:
    """What the team agreed on, to hold it against; nothing where nothing was written."""
    held = [
        body.text
        for body in looked.entries.of(Agreement, looked.scope)
        if body.kind == "agreement"
        and body.valid_from <= looked.today
        and (body.valid_to is None or looked.today < body.valid_to)
    ]
    if held:
        section("What we agreed on")
        show(f'<ul class="eo-plain">{"".join(f"<li>{text(one)}</li>" for one in held)}</ul>')
