"""Every way of attacking what was published, one after the other."""

from collections.abc import Mapping
from typing import Any

from attack.across import across_waves
from attack.artefact import Artefact, Finding, Wave, read
from attack.counts import different_respondents, items_of_one_unit, parents_and_units, thresholds
from attack.linear import exposed
from attack.ranges import ranges


def attack(published: Mapping[str, Any]) -> list[Finding]:
    """All that can be worked out of the published data of some waves (form: `attack.artefact`)."""
    artefact = read(published)
    found = [finding for wave in artefact.waves for finding in _one_wave(wave, artefact)]
    return [*found, *across_waves(artefact)]


def _one_wave(wave: Wave, artefact: Artefact) -> list[Finding]:
    return [
        *thresholds(wave),
        *parents_and_units(wave),
        *different_respondents(wave, artefact),
        *exposed(wave, artefact),
        *items_of_one_unit(wave),
        *ranges(wave, artefact),
    ]
