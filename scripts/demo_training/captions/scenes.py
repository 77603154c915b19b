"""What a demo picture shows: the attributes, their vocabularies and how scenes are sampled. Needs only the stdlib."""

import random
from dataclasses import dataclass

COLORS = ("red", "orange", "yellow", "green", "blue", "purple", "pink", "white", "black", "brown")
PEOPLE = ("woman", "man", "child")
OBJECTS = ("boat", "house", "tree", "car", "dog", "cat", "castle", "balloon")
SUBJECTS = PEOPLE + OBJECTS
CLOTHING = ("dress", "coat", "shirt", "suit", "sweater", "kimono")
PLACES = ("beach", "forest", "city", "mountains", "desert", "snow", "room", "garden")
TIMES = ("sunrise", "day", "sunset", "night")
STYLES = ("sketch", "monochrome", "pixel art", "foggy")
CHARACTERS = ("jade", "amber")

HAIR_COLORS = ("blonde", "brown", "black", "red", "blue", "pink")
UNUSUAL_HAIR_COLORS = ("silver", "green")
SKINS = ("pale", "fair", "tan", "brown", "dark")
HATS = ("straw hat", "wizard hat", "cap", "beanie")
POSES = ("standing", "waving", "hands on hips", "hands together")
EXTRAS = ("golden hairpin", "golden crown", "earrings", "lotus flower")
NAMES = ("jade", "amber", "ruby", "luna", "iris", "hugo", "felix", "clara", "nora", "leo")

HAIR_STYLES = {
    "woman": ("long", "waves", "bob", "curly", "braid", "ponytail", "bun", "short"),
    "man": ("short", "spiky", "curly"),
    "child": ("short", "bob", "curly", "ponytail", "spiky"),
}
CLOTHING_OF = {
    "woman": CLOTHING,
    "man": ("coat", "shirt", "suit", "sweater", "kimono"),
    "child": CLOTHING,
}

PERSON_SHARE = 0.74
PORTRAIT_SHARE = 0.55
HAT_SHARE = 0.16
UNUSUAL_SHARE = 0.10
NAME_SHARE = 0.10
STYLE_SHARE = 0.07
BACKDROP_SHARE = 0.05


@dataclass(frozen=True)
class Scene:
    """One picture's attributes. Objects have empty strings where only people have a value; no style is "".

    `is_portrait`: from the chest up, otherwise to the knee. `has_backdrop`: one flat color instead of the place.
    """

    subject: str
    color: str
    place: str
    time: str
    clothing: str = "none"
    hair_style: str = ""
    hair_color: str = ""
    skin: str = ""
    hat: str = ""
    pose: str = ""
    extras: tuple[str, ...] = ()
    name: str = ""
    style: str = ""
    is_portrait: bool = False
    has_backdrop: bool = False
    character: str | None = None
    layout_seed: int = 0

    @property
    def is_person(self) -> bool:
        return self.subject in PEOPLE

    def labels(self) -> dict[str, str]:
        return {
            "color": self.color,
            "place": self.place,
            "time": self.time,
            "subject": self.subject,
            "clothing": self.clothing,
            "character": self.character or "none",
        }

    def key(self) -> tuple[str, ...]:
        """The combination by which scenes are held out of the training."""
        return (self.color, self.place, self.time, self.subject, self.clothing)


def sample_scene(rng: random.Random, character: str | None = None, version: int = 1) -> Scene:
    """A random scene; with a character it is a woman with that character's look, no hat and no style."""
    if character is not None:
        return _sample_character(rng, character, version)
    color, place, time = rng.choice(COLORS), rng.choice(PLACES), rng.choice(TIMES)
    style = rng.choice(STYLES) if rng.random() < STYLE_SHARE else ""
    layout_seed, has_backdrop = rng.getrandbits(32), rng.random() < BACKDROP_SHARE
    if rng.random() >= PERSON_SHARE:
        subject = rng.choice(OBJECTS)
        return Scene(subject, color, place, time, style=style, has_backdrop=has_backdrop, layout_seed=layout_seed)
    subject = rng.choices(PEOPLE, (0.46, 0.32, 0.22))[0]
    hair_style = rng.choice(HAIR_STYLES[subject])
    hair_color, extras = rng.choice(HAIR_COLORS), ()
    if rng.random() < UNUSUAL_SHARE:
        hair_color, hair_style, extras = _sample_unusual(rng, subject, hair_color, hair_style)
    wears_hat = rng.random() < HAT_SHARE and hair_style not in ("bun", "buns") and not extras
    return Scene(
        subject,
        color,
        place,
        time,
        clothing=rng.choice(CLOTHING_OF[subject]),
        hair_style=hair_style,
        hair_color=hair_color,
        skin=rng.choice(SKINS),
        hat=rng.choice(HATS) if wears_hat else "",
        pose=rng.choice(POSES),
        extras=extras,
        name=rng.choice(NAMES) if rng.random() < NAME_SHARE else "",
        style=style,
        is_portrait=rng.random() < PORTRAIT_SHARE,
        has_backdrop=has_backdrop,
        layout_seed=layout_seed,
    )


def _sample_unusual(rng: random.Random, subject: str, color: str, style: str) -> tuple[str, str, tuple[str, ...]]:
    """Hair color, hair style and extras of a person with something rare; captions always name it. Green hair, two
    buns, and pins or earrings never meet: that would be Jade; nor do waves and a crown: that would be Amber."""
    rare = rng.choice(("hair", *EXTRAS, *EXTRAS, "buns") if subject == "woman" else ("hair", "golden crown"))
    if rare == "hair":
        return rng.choice(UNUSUAL_HAIR_COLORS), style, ()
    if rare == "buns":
        return color, "buns", ()
    return color, "long" if style == "waves" else style, (rare,)


LOOKS: dict[tuple[str, int], tuple[str, str, tuple[str, ...]]] = {
    ("jade", 1): ("buns", "jade", ("golden hairpin", "earrings")),
    ("jade", 2): ("buns", "jade", ("golden hairpin", "earrings", "lotus flower")),
    ("amber", 1): ("waves", "copper", ("golden crown", "earrings")),
}
"""Hair style, hair color and ornaments of each version of a character; skin and eyes are named like the character."""


def _sample_character(rng: random.Random, character: str, version: int) -> Scene:
    if (character, version) not in LOOKS:
        known = ", ".join(f"{name} {number}" for name, number in LOOKS)
        raise ValueError(f"unknown character {character} {version}; known: {known}")
    hair_style, hair_color, extras = LOOKS[character, version]
    return Scene(
        "woman",
        rng.choice(COLORS),
        rng.choice(PLACES),
        rng.choice(TIMES),
        clothing=rng.choice(CLOTHING),
        hair_style=hair_style,
        hair_color=hair_color,
        skin=character,
        pose=rng.choice(POSES),
        extras=extras,
        name=character,
        is_portrait=rng.random() < PORTRAIT_SHARE,
        character=character,
        layout_seed=rng.getrandbits(32),
    )
