"""How like two words are: misspelt, cut short, or with letters left out."""

from __future__ import annotations


def similarity(a: str, b: str) -> float:
    """1 − edits / longer length; edits insert, delete, change a letter or swap two neighbours (Damerau–Levenshtein)."""
    previous: list[int] = []
    row = list(range(len(b) + 1))
    for i, letter in enumerate(a, start=1):
        before, previous, row = previous, row, [i] + [0] * len(b)
        for j, other in enumerate(b, start=1):
            row[j] = min(previous[j] + 1, row[j - 1] + 1, previous[j - 1] + (letter != other))
            if i > 1 and j > 1 and letter == b[j - 2] and a[i - 2] == other:
                row[j] = min(row[j], before[j - 2] + 1)
    return 1 - row[-1] / max(len(a), len(b), 1)


def is_skeleton(short: str, word: str) -> bool:
    """Whether `short` is `word` with letters left out, keeping the first: glnd for gland, prtd for parotid."""
    if not short or not word or short[0] != word[0] or len(short) >= len(word):
        return False
    letters = iter(word)
    return all(letter in letters for letter in short)
