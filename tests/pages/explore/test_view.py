"""A view as a link: what is written is read again."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from rulka_analysis.pages.explore.view import View, view_of

TEXTS = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=12)
NUMBERS = st.floats(-1e9, 1e9).map(lambda number: number + 0.0)

VIEWS = st.builds(
    View,
    tag=TEXTS,
    clock=st.sampled_from(["minutes", "steps", "updates"]),
    best=st.sampled_from([None, True, False]),
    groups=st.none() | st.lists(TEXTS, max_size=3).map(tuple),
    members=st.lists(TEXTS, max_size=3).map(tuple),
    smooth=st.sampled_from([0.0, 0.5, 5.0, 30.0]),
    log=st.booleans(),
    unfinished=st.booleans(),
    zoom=st.none() | st.tuples(NUMBERS, NUMBERS).filter(lambda ends: ends[0] < ends[1]),
    cursor=st.none() | NUMBERS,
)


@given(VIEWS)
def test_a_view_is_read_as_it_was_written(view: View) -> None:
    assert view_of("docs/explore.html" + view.fragment) == view


def test_what_is_no_view_is_none() -> None:
    assert view_of("docs/explore.html") is None
    assert view_of("#x=steps") is None


def test_what_makes_no_sense_in_a_link_is_left_out() -> None:
    view = view_of("#m=a&z=9,1&c=here&s=much&y=both")
    assert view == View("a")
