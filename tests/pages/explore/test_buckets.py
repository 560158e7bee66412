"""A series in buckets: what is left out changes no extreme, no last value and no best so far."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from rulka_analysis.pages.explore.buckets import AT_LEAST, EVENTS, Buckets, into_buckets, shares

# Few different values, so that equal ones meet; and what is no number.
VALUES = st.lists(
    st.one_of(
        st.sampled_from([0.0, -0.0, 1.0, -1.0, 5.0, np.nan, np.inf, -np.inf, 300.0]),
        st.floats(width=32),
    ),
    max_size=300,
)


def series(values: list[float]) -> NDArray[np.float64]:
    return np.array(values, dtype=np.float64)


@given(VALUES, st.integers(1, 60), st.integers(1, 20))
def test_buckets_hold_every_event_once_and_their_own_extremes(
    values: list[float], allowed: int, at_least: int
) -> None:
    given_values = series(values)
    found = into_buckets(given_values, allowed, at_least=at_least)
    assert found.first.tolist() == [0, *(found.last[:-1] + 1).tolist()][: len(found.first)]
    assert not values or found.last[-1] == len(values) - 1
    assert found.inside.sum() == len(found.kept)
    assert np.all(np.diff(found.kept) > 0)
    kept = set(found.kept.tolist())
    for first, smallest, largest, last, count, mean in zip(
        found.first,
        found.smallest,
        found.largest,
        found.last,
        found.counts,
        found.means,
        strict=True,
    ):
        inside = given_values[first : last + 1]
        finite = inside[np.isfinite(inside)]
        assert {first, last} <= kept
        assert count == len(finite)
        if len(finite):
            assert {smallest, largest} <= kept
            assert given_values[smallest] == finite.min()
            assert given_values[largest] == finite.max()
            assert smallest - first == np.flatnonzero(inside == finite.min())[0]
            with np.errstate(over="ignore"):
                assert mean == pytest.approx(finite.sum() / len(finite), nan_ok=True)
        else:
            assert smallest == largest == -1
            assert np.isnan(mean)
    assert found.not_a_number == np.isnan(given_values).sum()
    assert found.infinite == np.isinf(given_values).sum()


@given(VALUES, st.integers(1, 60), st.sampled_from(["lower", "higher"]))
def test_the_best_so_far_of_what_is_kept_is_that_of_all(
    values: list[float], allowed: int, better: str
) -> None:
    given_values = series(values)
    censored = given_values >= 300.0
    found = into_buckets(given_values, allowed, better=better, censored=censored, at_least=3)
    usable = np.isfinite(given_values) & ~censored
    sign = 1.0 if better == "lower" else -1.0
    worst = np.where(usable, sign * given_values, np.inf)
    of_all = np.minimum.accumulate(worst) if len(worst) else worst
    of_kept = np.full(len(worst), np.inf)
    of_kept[found.kept] = worst[found.kept]
    of_kept = np.minimum.accumulate(of_kept) if len(worst) else of_kept
    if found.best_is_exact:
        assert np.array_equal(of_all, of_kept)
    # Whether or not all of them are there: exact at the end of each bucket.
    assert np.array_equal(of_all[found.last], of_kept[found.last])


@given(VALUES, st.integers(1, 60))
def test_finished_episodes_have_extremes_of_their_own(values: list[float], allowed: int) -> None:
    given_values = series(values)
    censored = given_values >= 5.0
    found = into_buckets(given_values, allowed, censored=censored, at_least=3)
    finished = np.isfinite(given_values) & ~censored
    for first, last in zip(found.first, found.last, strict=True):
        everything = np.flatnonzero(finished[first : last + 1]) + first
        kept = found.kept[(found.kept >= first) & (found.kept <= last)]
        kept = kept[finished[kept]]
        if len(everything):
            assert everything[0] in kept
            assert everything[-1] in kept
            assert given_values[kept].min() == given_values[everything].min()
            assert given_values[kept].max() == given_values[everything].max()


@given(st.lists(st.integers(0, 20_000), max_size=400))
def test_shares_keep_to_what_there_is_room_for(lengths: list[int]) -> None:
    given_events = shares(lengths)
    least = AT_LEAST * 4
    assert all(got <= length for got, length in zip(given_events, lengths, strict=True))
    assert all(got >= min(length, least) for got, length in zip(given_events, lengths, strict=True))
    assert sum(given_events) <= max(EVENTS, 0) + least * len(lengths)
    if sum(lengths) <= EVENTS:
        assert given_events == lengths


def planted(number: int) -> tuple[NDArray[np.float64], int, int]:
    random = np.random.default_rng(number)
    values = random.normal(0.0, 1.0, 10_000)
    high, low = random.choice(10_000, 2, replace=False)
    values[high], values[low] = 50.0 + number, -50.0 - number
    return values, int(high), int(low)


def whole(found: Buckets, values: NDArray[np.float64]) -> tuple[int, int]:
    kept = found.kept
    return int(kept[values[kept].argmax()]), int(kept[values[kept].argmin()])


@pytest.mark.parametrize("number", range(20))
def test_a_planted_spike_is_found_where_it_was_planted(number: int) -> None:
    values, high, low = planted(number)
    found = into_buckets(values, shares([10_000] * 300)[0])
    assert found.reduced
    assert len(found.first) >= AT_LEAST
    assert whole(found, values) == (high, low)
    assert found.kept[-1] == len(values) - 1


def test_a_short_series_is_whole() -> None:
    found = into_buckets(np.arange(50.0), 50)
    assert not found.reduced
    assert found.kept.tolist() == list(range(50))


def test_more_records_than_room_are_thinned_and_said() -> None:
    found = into_buckets(np.arange(10_000.0)[::-1].copy(), 400, better="lower")
    assert not found.best_is_exact
    assert len(found.kept) <= 4 * len(found.first)
