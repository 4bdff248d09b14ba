"""The side of a structure, taken out of its name: DICOM carries it as a modifier."""

from __future__ import annotations

from imaging.terminology.concept import BILATERAL, LEFT, RIGHT, CodedConcept

_SIDES: dict[str, CodedConcept] = {
    **dict.fromkeys(
        ("left", "l", "lt", "li", "lks", "links", "linke", "linker", "linkes", "linken", "sin", "sx"), LEFT
    ),
    **dict.fromkeys(("gauche", "gche", "izquierda", "izquierdo", "izq", "izqda", "izqdo"), LEFT),
    **dict.fromkeys(("right", "r", "rt", "re", "rts", "rechts", "rechte", "rechter", "rechtes", "rechten"), RIGHT),
    **dict.fromkeys(
        ("dex", "dext", "dx", "droite", "droit", "drt", "derecha", "derecho", "der", "dcha", "dcho"), RIGHT
    ),
    **dict.fromkeys(("bilateral", "bilat", "bil", "both", "bds", "beidseits", "beide", "beiden", "beider"), BILATERAL),
    **dict.fromkeys(("bilaterale", "bilateraux", "ambos", "ambas", "bilaterales", "lr", "rl"), BILATERAL),
}
# Letters that mean a side in one language only.
_LETTERS = {"fr": {"g": LEFT, "d": RIGHT}, "es": {"i": LEFT, "d": RIGHT}}
# Short forms that are words elsewhere: "der" is German for "the".
_NOT_IN = {"der": ("de",), "re": ("fr", "es"), "li": ("fr", "es")}

# Structures that come in pairs: their plural, without a side, is both of them.
PAIRED = frozenset(
    "kidney lung eye eyeball lens retina cornea orbit optic parotid submandibular sublingual lacrimal adrenal breast "
    "ovary testis ureter femur tibia fibula humerus radius ulna clavicle scapula patella hip acetabulum hand foot knee "
    "ankle shoulder elbow wrist arm leg thigh forearm hippocampus amygdala thalamus cochlea ear mastoid maxilla "
    "vocal calcaneus caudate putamen temporal frontal parietal occipital tonsil zygoma atrium_appendage".split()
)


def split_side(raw: list[str], language: str) -> tuple[list[str], CodedConcept | None]:
    """The words without those that name a side, and the side; left and right together are both.

    A side word that is the whole label stays: it is all there is.
    """
    sides = [_side(word, language) for word in raw]
    rest = [word for word, side in zip(raw, sides, strict=True) if side is None]
    named = {side for side in sides if side is not None}
    if not rest or not named:
        return raw, None
    return rest, named.pop() if len(named) == 1 else BILATERAL


def _side(word: str, language: str) -> CodedConcept | None:
    if language in _NOT_IN.get(word, ()):
        return None
    return _SIDES.get(word) or _LETTERS.get(language, {}).get(word)
