"""Sentences put together from sentences, their numbers still asked where they come from."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from string import Formatter

from rulka_analysis.values.quantities import Quantity, Sentence


def joined(sentences: Iterable[Sentence], separator: str = " ") -> Sentence:
    """Return sentences as one.

    Examples
    --------
    >>> print(joined([Sentence("First {a}.", {"a": "uni_5"}), Sentence("Then {a}.", {"a": "b"})]))
    First uni_5. Then b.
    """
    template: list[str] = []
    values: dict[str, Quantity | str] = {}
    for number, sentence in enumerate(sentences):
        if number:
            template.append(_literal(separator))
        for text, name, _, _ in Formatter().parse(sentence.template):
            template.append(_literal(text))
            if name:
                values[f"{name}_{number}"] = sentence.values[name]
                template.append(f"{{{name}_{number}}}")
    return Sentence("".join(template), values)


def listed(items: Sequence[str | Quantity | Sentence], last: str = " and ") -> Sentence:
    """Return a list of things as readers write it.

    Examples
    --------
    >>> print(listed(["uni_5", "uni_6", Quantity(24.5, "s")]))
    uni_5, uni_6 and 24.50 s
    """
    parts = [
        item if isinstance(item, Sentence) else Sentence("{item}", {"item": item}) for item in items
    ]
    if len(parts) < 2:
        return joined(parts)
    return joined([joined(parts[:-1], ", "), parts[-1]], last)


def in_words(title: str) -> str:
    """Return a metric's title as it stands within a sentence.

    Examples
    --------
    >>> in_words("Learning rate of the actor"), in_words("Q")
    ('learning rate of the actor', 'Q')
    """
    second = title[1:2]
    return title[:1].lower() + title[1:] if second.islower() else title


def _literal(text: str) -> str:
    return text.replace("{", "{{").replace("}", "}}")
