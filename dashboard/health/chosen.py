"""Which numbers a health check shows, and where. Names are metric ids; what was not published is left out."""

from dataclasses import dataclass

BUDGET = "error_budget_left_in_quarter"
OUTCOMES = (
    "change_lead_time",
    "change_failure_rate",
    BUDGET,
    "service_level_attainment",
    "product_retention",
)
SYSTEMS = (
    "tech_debt_ratio",
    "new_code_coverage",
    "change_failure_rate",
    "deployment_rework_rate",
    "cycle_time",
    "work_in_progress",
    "wip_over_limit",
    "unplanned_share",
)
MIX = "investment_mix"
"""Stands below them as shares of its kinds."""
GOVERNANCE = (
    "overdue_reviews",
    "decision_latency",
    "delegated_decision_share",
    "decision_reversal_share",
    "architecture_change_review_time",
    "living_runbook_share",
    "postmortem_coverage",
    "postmortem_action_closure",
    "exercises_held",
    "experiments_concluded",
    "mentorship_pairs_active",
    "knowledge_spread",
    "modules_resting_on_one_person",
)
THEME_WORK = "theme_work_share"
"""Stands with the theme, where somebody said by what work for it is known."""
WEEKLY = ("change_lead_time", "deployment_frequency", "cycle_time", "throughput", "change_failure_rate")
"""Drawn week by week in a team's report: the first is always there, and the next one that has a line."""


@dataclass(frozen=True)
class PairKind:
    """A pair of the two kinds of evidence, and the questions it puts.

    `systems` are metric ids: the first that has a verdict moves its side. `dimension` is the survey's, and
    `item` a statement of it that is read instead where single statements are published. `words` name the two
    ends of each side. `questions` are keyed by where the systems and the people went, -1, 0 or 1 towards the
    second word of each. `steady` is for where neither moved; `untested` where no test speaks for both sides,
    as of teams.
    """

    name: str
    systems: tuple[str, ...]
    dimensions: tuple[str, ...]
    item: str | None
    words: tuple[tuple[str, str], tuple[str, str]]
    questions: dict[tuple[int, int], str]
    steady: str
    untested: str


PAIRS = (
    PairKind(
        "Pace",
        ("change_lead_time", "throughput"),
        ("pace", "engagement"),
        None,
        (("slower", "faster"), ("harder", "lighter")),
        {
            (1, -1): "Faster, and pace felt harder: what did it cost?",
            (1, 0): "Faster at the same felt pace: what helped, and how do we keep it?",
            (1, 1): "Faster and lighter: what helped, and how do we keep it?",
            (0, -1): "The same speed felt harder: what else came on top?",
            (0, 1): "The same speed felt lighter: what helped?",
            (-1, -1): "Slower and harder: what should stop?",
            (-1, 0): "Slower at the same felt pace: is that a choice we made?",
            (-1, 1): "Slower and lighter: what did we make room for, and was it worth it?",
        },
        "Steady on both sides: is this the pace we want?",
        "Does the pace suit the work, and could you keep it up?",
    ),
    PairKind(
        "Review",
        ("pull_request_pickup_time",),
        ("flow",),
        "F2",
        (("slower", "quicker"), ("felt slower", "felt quicker")),
        {
            (1, -1): "Quick, yet felt slow: is the wait elsewhere, in the build or the deployment?",
            (1, 0): "Quicker, yet felt as before: is the wait elsewhere, or was it none of the trouble?",
            (1, 1): "Quicker, and felt so: what helped, and how do we keep it?",
            (0, -1): "The same wait felt slower: is the wait elsewhere, in the build or the deployment?",
            (0, 1): "The same wait felt shorter: what helped?",
            (-1, 0): "Slower, yet fine: is the wait tolerated, or invisible?",
            (-1, 1): "Slower, yet felt quicker: is the wait tolerated, or invisible?",
            (-1, -1): "Slower, and felt so: whose turn is it when a change waits?",
        },
        "Steady on both sides: is the wait where we want it?",
        "Where does a change wait, and is that where it hurts?",
    ),
    PairKind(
        "Quality",
        ("change_failure_rate", "tech_debt_ratio"),
        ("flow",),
        "F3",
        (("more fails", "less fails"), ("less sure", "surer")),
        {
            (1, -1): "Clean, yet unsure: tests nobody trusts, or debt the tool cannot see?",
            (0, -1): "As clean as before, yet less sure: tests nobody trusts, or debt the tool cannot see?",
            (1, 0): "Cleaner, yet as sure as before: what else makes a change feel risky?",
            (1, 1): "Cleaner and surer: what helped, and how do we keep it?",
            (0, 1): "As clean as before, and surer: what helped?",
            (-1, 1): "More fails, yet surer: is the knowledge with few?",
            (-1, 0): "More fails, as sure as before: is the knowledge with few?",
            (-1, -1): "More fails, and less sure: what should we mend first?",
        },
        "Steady on both sides: is it where we want it?",
        "Where would you rather not change our code, and what would help there?",
    ),
    PairKind(
        "Focus",
        ("unplanned_share", "wip_over_limit"),
        ("flow", "strategy"),
        "F1",
        (("more unplanned", "less unplanned"), ("more interrupted", "less interrupted")),
        {
            (1, -1): "Little unplanned, yet interrupted: support, or meetings?",
            (1, 0): "Less unplanned, yet interrupted as before: what else interrupts?",
            (0, -1): "As much unplanned as before, yet more interrupted: support, or meetings?",
            (0, 1): "As much unplanned as before, yet less interrupted: what helped?",
            (1, 1): "Less unplanned and less interrupted: what helped, and how do we keep it?",
            (-1, -1): "More unplanned and more interrupted: who may say no, and to what?",
            (-1, 0): "More unplanned, yet interrupted as before: what is put off for it?",
            (-1, 1): "More unplanned, yet less interrupted: who takes the interruptions?",
        },
        "Steady on both sides: is there enough time for the theme?",
        "What interrupts, and which of it could wait?",
    ),
    PairKind(
        "Safety",
        ("incidents_reported_by_team_share", "postmortem_coverage"),
        ("psychological_safety",),
        None,
        (("fewer reported or written down", "more reported or written down"), ("less safe", "safer")),
        {
            (1, -1): "More is reported, and people feel less safe: what happens to what is reported?",
            (1, 0): "More is reported, and people feel as safe as before: what becomes of what is reported?",
            (
                1,
                1,
            ): "More is reported, and people feel safer: that is health even if counts rise. What helped?",
            (0, 1): "People feel safer, and as much is reported as before: what helped?",
            (0, -1): "People feel less safe: what is not being said?",
            (-1, -1): "Less is reported, and people feel less safe: what is not being said?",
            (-1, 0): "Less is reported: did less happen, or is less said?",
            (-1, 1): "Less is reported, and people feel safer: did less happen, or is less written down?",
        },
        "Steady on both sides: would we hear of it if something went wrong?",
        "Would we hear of it if something went wrong?",
    ),
)
LOWER_IS_TOWARDS_THE_SECOND = frozenset(
    {"change_lead_time", "pull_request_pickup_time", "change_failure_rate", "tech_debt_ratio"}
    | {"unplanned_share", "wip_over_limit"}
)
"""Metrics of the pairs whose falling number goes towards the second of the two words."""


PAIRED = tuple(dict.fromkeys(metric for kind in PAIRS for metric in kind.systems))
"""Every metric that stands in a pair."""


def shown() -> tuple[str, ...]:
    """Every metric that a health check names by itself, each once."""
    return tuple(dict.fromkeys([*OUTCOMES, *SYSTEMS, MIX, *PAIRED, *GOVERNANCE, "time_to_production"]))
