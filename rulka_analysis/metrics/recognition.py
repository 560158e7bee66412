"""How well a catalogue knows the tags of a log: by this, the domain of logs is told."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from rulka_analysis.metrics.catalogue import Catalogue

# An older name may be short, such as ``loss``, and mean something else to another program: one of
# them alone tells nothing.
OF_TODAY, OF_BEFORE, ENOUGH = 2, 1, 2


def recognised(tags: Iterable[str], catalogue: Catalogue) -> int:
    """Return how many tags a catalogue knows, those by an older name for half of one."""
    matches = [catalogue.match(tag) for tag in set(tags)]
    return sum(OF_BEFORE if match.alias else OF_TODAY for match in matches if match is not None)


def best_known(tags: Iterable[str], catalogues: Mapping[str, Catalogue], otherwise: str) -> str:
    """Return the name of the catalogue that knows most tags; `otherwise` for ties and none."""
    tags = set(tags)
    found = {name: recognised(tags, catalogue) for name, catalogue in catalogues.items()}
    most = max(found.values(), default=0)
    best = [name for name, count in found.items() if count == most]
    return best[0] if most >= ENOUGH and len(best) == 1 else otherwise
