"""A domain asked which variant is meant."""

from __future__ import annotations

from pathlib import Path

import pytest

from rulka_analysis.metrics.domain import Domain, Variant, VariantError

PLAY = Domain("play", Path("play.toml"), variant=Variant("level", "levels"))
PLAIN = Domain("plain", Path("plain.toml"))


def test_a_variant_is_chosen_by_position_or_by_its_keyword() -> None:
    assert PLAY.choose_variant("cave", {}) == "cave"
    assert PLAY.choose_variant(None, {"level": "cave"}) == "cave"
    assert PLAY.choose_variant(None, {"level": None}) is None
    assert PLAY.choose_variant(None, {}) is None
    assert PLAIN.choose_variant(None, {}) is None


def test_what_cannot_be_meant() -> None:
    with pytest.raises(
        VariantError, match="no variant 'stage' in the domain 'play'; it has: level"
    ):
        PLAY.choose_variant(None, {"stage": "cave"})
    with pytest.raises(VariantError, match="no variant 'level' in the domain 'plain'; it has none"):
        PLAIN.choose_variant(None, {"level": "cave"})
    with pytest.raises(VariantError, match="level is given twice: 'cave' and 'hill'; leave one"):
        PLAY.choose_variant("cave", {"level": "hill"})
