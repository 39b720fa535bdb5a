"""Configurations and rosters of made-up organisations, for the tests of a survey's planning."""

from pipelines.config_model import Configuration


def configured(departments, teams, **organisation):
    """A configuration of departments (id → parent or None) and teams (id → (department, members)).

    A member is an account, or a table with its dates.
    """
    return Configuration.model_validate(
        {
            "organisation": {"id": "acme", "name": "Acme", **organisation},
            "department": [
                {"id": one, "name": one.title(), **({"parent": parent} if parent else {})}
                for one, parent in departments.items()
            ],
            "team": [
                {
                    "id": one,
                    "name": one.title(),
                    **({"department": department} if department else {}),
                    "members": [
                        member if isinstance(member, dict) else {"account": member} for member in members
                    ],
                }
                for one, (department, members) in teams.items()
            ],
        }
    )


def several(prefix, count):
    """`count` accounts that begin alike."""
    return [f"{prefix}{number}" for number in range(count)]
