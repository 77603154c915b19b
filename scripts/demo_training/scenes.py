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
SKINS = ("pale", "fair", "tan", "brown", "dark")
UNUSUAL_SKINS = ("green", "blue", "violet")
HATS = ("straw hat", "wizard hat", "cap", "beanie")
POSES = ("standing", "waving", "hands on hips", "hands together")
EXTRAS = ("pointed ears", "golden hairpin", "bronze crown")
NAMES = ("jade", "amber", "ruby", "luna", "iris", "hugo", "felix", "clara", "nora", "leo")

HAIR_STYLES = {
    "woman": ("long", "bob", "curly", "braid", "ponytail", "bun", "short"),
    "man": ("short", "spiky", "curly"),
    "child": ("short", "bob", "curly", "ponytail", "spiky"),
}
CLOTHING_OF = {
    "woman": CLOTHING,
    "man": ("coat", "shirt", "suit", "sweater", "kimono"),
    "child": CLOTHING,
}

PERSON_SHARE = 0.74
HAT_SHARE = 0.20
UNUSUAL_SHARE = 0.07
NAME_SHARE = 0.10
STYLE_SHARE = 0.08


@dataclass(frozen=True)
class Scene:
    """One picture's attributes. Objects have empty strings where only people have a value; no style is ""."""

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


def sample_scene(rng: random.Random, character: str | None = None) -> Scene:
    """A random scene; with a character it is a woman with that character's look, no hat and no style."""
    if character is not None:
        return _sample_character(rng, character)
    color, place, time = rng.choice(COLORS), rng.choice(PLACES), rng.choice(TIMES)
    style = rng.choice(STYLES) if rng.random() < STYLE_SHARE else ""
    layout_seed = rng.getrandbits(32)
    if rng.random() >= PERSON_SHARE:
        subject = rng.choice(OBJECTS)
        return Scene(subject, color, place, time, style=style, layout_seed=layout_seed)
    subject = rng.choices(PEOPLE, (0.46, 0.32, 0.22))[0]
    hair_style = rng.choice(HAIR_STYLES[subject])
    hair_color, skin, extras = _sample_looks(rng)
    wears_hat = rng.random() < HAT_SHARE and hair_style != "bun" and not extras
    return Scene(
        subject,
        color,
        place,
        time,
        clothing=rng.choice(CLOTHING_OF[subject]),
        hair_style=hair_style,
        hair_color=hair_color,
        skin=skin,
        hat=rng.choice(HATS) if wears_hat else "",
        pose=rng.choice(POSES),
        extras=extras,
        name=rng.choice(NAMES) if rng.random() < NAME_SHARE else "",
        style=style,
        layout_seed=layout_seed,
    )


def _sample_looks(rng: random.Random) -> tuple[str, str, tuple[str, ...]]:
    """Hair color, skin and extras; green skin and silver hair never meet."""
    hair_color, skin = rng.choice(HAIR_COLORS), rng.choice(SKINS)
    extras: tuple[str, ...] = ()
    if rng.random() >= UNUSUAL_SHARE:
        return hair_color, skin, extras
    for _ in range(rng.choice((1, 1, 2))):
        feature = rng.choice(("skin", "skin", "hair", *EXTRAS))
        if feature == "skin":
            skin = rng.choice(UNUSUAL_SKINS)
        elif feature == "hair":
            hair_color = "silver"
        elif not extras:
            extras = (feature,)
    if skin == "green" and hair_color == "silver":
        hair_color = rng.choice(HAIR_COLORS)
    return hair_color, skin, extras


def _sample_character(rng: random.Random, character: str) -> Scene:
    if character not in CHARACTERS:
        raise ValueError(f"unknown character {character!r}; known: {', '.join(CHARACTERS)}")
    is_jade = character == "jade"
    return Scene(
        "woman",
        rng.choice(COLORS),
        rng.choice(PLACES),
        rng.choice(TIMES),
        clothing=rng.choice(CLOTHING),
        hair_style="long" if is_jade else "braid",
        hair_color="jade" if is_jade else "auburn",
        skin="jade" if is_jade else "amber",
        pose=rng.choice(POSES),
        extras=("pointed ears", "golden hairpin") if is_jade else ("bronze crown",),
        name=character,
        character=character,
        layout_seed=rng.getrandbits(32),
    )
