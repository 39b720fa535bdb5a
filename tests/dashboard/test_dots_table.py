"""The table that says what the dots say."""

from datetime import date

from dashboard import dots_table, words


def test_each_value_is_in_one_step_and_empty_steps_at_the_end_are_left_out() -> None:
    # A bound belongs to the step below it: 1 h is up to 1 h; 5 h lies between 4 and 12.
    assert dots_table.steps([0.5, 1.0, 1.5, 5.0, 12.0], dots_table.HOURS, words.tick) == [
        ("up to 1 h", [2]),
        ("1 h to 4 h", [1]),
        ("4 h to 12 h", [2]),
    ]
    assert dots_table.steps([2000.0], dots_table.HOURS, words.tick)[-1] == ("more than 30 d", [1])


def test_weeks_begin_on_monday_and_only_ratios_count_what_is_against_them() -> None:
    # 6 and 12 July 2026 are the Monday and Sunday of one week.
    rows = [(date(2026, 7, 12), True), (date(2026, 7, 6), False), (date(2026, 7, 13), False)]
    assert dots_table.weeks(rows, is_ratio=True) == [("6 Jul 2026", [2, 1]), ("13 Jul 2026", [1, 0])]
    assert dots_table.weeks(rows, is_ratio=False) == [("6 Jul 2026", [2]), ("13 Jul 2026", [1])]
