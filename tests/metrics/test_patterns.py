"""Patterns of tags: which tags they match, and whether two match the same."""

from __future__ import annotations

from itertools import product

from rulka_analysis.metrics.patterns import Pattern, Placeholder, common_tag


def test_common_tags_are_found_as_by_trying_all_short_texts() -> None:
    known = {
        "level": Placeholder("level", "a level", "name"),
        "part": Placeholder("part", "a number", "number"),
        "mode": Placeholder("mode", "a or ab", "choice", ("a", "ab")),
    }
    texts = [
        "a_",
        "a_a",
        "{level}",
        "{level!a_}",
        "{level!ab}",
        "a{level}",
        "a_{level}",
        "{level}_{part}",
    ]
    texts += ["{mode}_1", "{mode}_{part}", "{mode!ab}{part}", "{level}/a", "a/{level!a_}"]
    patterns = [Pattern(text, text, False, known) for text in texts]
    tags = ["".join(letters) for n in range(1, 6) for letters in product("ab_1/", repeat=n)]
    matched = {
        pattern: {tag for tag in tags if pattern.placeholders_of(tag) is not None}
        for pattern in patterns
    }
    for first, second in product(patterns, repeat=2):
        found = common_tag(first, second)
        assert (found is not None) == bool(matched[first] & matched[second]), (
            first.text,
            second.text,
            found,
        )
        if found is not None:
            assert first.placeholders_of(found) is not None
            assert second.placeholders_of(found) is not None
