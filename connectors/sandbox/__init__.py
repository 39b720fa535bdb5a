"""A fictional organisation with known answers, served by local GitHub, Jira, PagerDuty and SonarQube servers.

The demo and the end-to-end test run the unmodified connectors against it over real HTTP, without a
credential. `simulation.build` makes the world from a seed, `servers.serve` puts it behind HTTP,
`configuration.write_configuration` writes the matching `outcomes.toml`, and `planted.answers`
computes what the product should publish, straight from the simulation's own event list. What its people
say in surveys is in `opinions`, and what should be published of that in `planted_opinions.survey_rows`.
"""
