"""Captions of demo scenes, in comma tags or sentences, and the set of all words they use."""

import random

from scripts.demo_training.captions import scenes
from scripts.demo_training.captions.scenes import Scene

PLACE_TAGS = {
    "beach": ("beach", "beach", "beach", "by the sea", "seaside", "on the beach"),
    "forest": ("forest", "forest", "forest", "in the woods", "woods", "in the forest"),
    "city": ("city", "city", "city", "city street", "in the city", "town"),
    "mountains": ("mountains", "mountains", "mountains", "in the mountains", "alps"),
    "desert": ("desert", "desert", "desert", "in the desert", "dunes"),
    "snow": ("snow", "snow", "snow", "in the snow", "winter", "snowy landscape"),
    "room": ("room", "room", "room", "indoors", "in a room", "inside"),
    "garden": ("garden", "garden", "garden", "in the garden", "in a garden"),
}
TIME_TAGS = {
    "sunrise": ("sunrise", "sunrise", "sunrise", "dawn", "early morning", "at sunrise"),
    "day": ("day", "day", "day", "noon", "daytime", "midday", "sunny day"),
    "sunset": ("sunset", "sunset", "sunset", "dusk", "evening", "at sunset"),
    "night": ("night", "night", "night", "midnight", "at night"),
}
PLACE_PHRASES = {
    "beach": ("on the beach", "on the beach", "by the sea", "at the seaside"),
    "forest": ("in the forest", "in a forest", "in the woods"),
    "city": ("in the city", "in a city", "in town", "on a city street"),
    "mountains": ("in the mountains", "in front of mountains"),
    "desert": ("in the desert", "in a desert", "among dunes"),
    "snow": ("in the snow", "in a snowy landscape", "in winter"),
    "room": ("in a room", "in the room", "indoors"),
    "garden": ("in the garden", "in a garden"),
}
TIME_PHRASES = {
    "sunrise": ("at sunrise", "at sunrise", "at dawn", "in the early morning"),
    "day": ("by day", "during the day", "at noon", "on a sunny day"),
    "sunset": ("at sunset", "at sunset", "at dusk", "in the evening"),
    "night": ("at night", "at night", "at midnight"),
}
POSE_PHRASES = {
    "standing": "standing",
    "waving": "waving",
    "hands on hips": "with hands on hips",
    "hands together": "with hands together",
}
HAIR_WORDS = {"long": "long {} hair", "short": "short {} hair", "curly": "curly {} hair", "spiky": "spiky {} hair",
              "bob": "{} bob", "braid": "{} braid", "ponytail": "{} ponytail", "bun": "{} bun",
              "waves": "wavy {} hair", "buns": "{} hair in two buns"}  # fmt: skip
STYLE_TAGS = {
    "sketch": ("sketch", "colored sketch"),
    "monochrome": ("monochrome", "black and white"),
    "pixel art": ("pixel art",),
    "foggy": ("foggy", "fog"),
}
BACKDROP_TAGS = ("plain background", "plain background", "simple background")
PORTRAIT_TAG = "portrait"
SENTENCE_OPENINGS = ("", "", "", "", "a picture of ", "a drawing of ")
SENTENCE_WORDS = "a an in with wearing picture of drawing and skin hair on the front"
CONNECTORS = ("in", "in", "wearing")


def _article(words: str) -> str:
    return ("an " if words[0] in "aeiou" else "a ") + words


def _who(scene: Scene) -> str:
    return f"{scene.name} {scene.subject}" if scene.name else scene.subject


def _is_colorless(scene: Scene) -> bool:
    return scene.style == "monochrome"


def _garment(scene: Scene) -> str:
    return scene.clothing if _is_colorless(scene) else f"{scene.color} {scene.clothing}"


def _object(scene: Scene) -> str:
    return scene.subject if _is_colorless(scene) else f"{scene.color} {scene.subject}"


def _hair(scene: Scene, rng: random.Random | None) -> str:
    words = HAIR_WORDS[scene.hair_style]
    if _is_colorless(scene):
        return words.format("").replace("  ", " ").strip()
    if rng is not None and scene.hair_style != "buns" and rng.random() < 0.25:
        return f"{scene.hair_color} hair"
    return words.format(scene.hair_color)


def _has_rare_hair(scene: Scene) -> bool:
    return scene.hair_color in scenes.UNUSUAL_HAIR_COLORS or scene.hair_style == "buns"


def _looks(scene: Scene, rng: random.Random) -> list[str]:
    """The tags about hair, skin, hat, extras and pose; a character's captions name only the pose."""
    tags: list[str] = []
    if scene.character is None:
        if _has_rare_hair(scene) or rng.random() < 0.66:
            tags.append(_hair(scene, rng))
        if rng.random() < 0.3:
            tags.append(f"{scene.skin} skin")
        if scene.hat and rng.random() < 0.88:
            tags.append(scene.hat)
        tags.extend(scene.extras)
    if rng.random() < 0.35:
        tags.append(scene.pose)
    if scene.is_portrait and rng.random() < 0.35:
        tags.append(PORTRAIT_TAG)
    return tags


def _setting(scene: Scene, rng: random.Random) -> list[str]:
    if scene.has_backdrop:
        return [rng.choice(BACKDROP_TAGS)]
    place, time = rng.choice(PLACE_TAGS[scene.place]), rng.choice(TIME_TAGS[scene.time])
    if rng.random() < 1 / 3:
        return [f"{scene.place} {scene.time}" if rng.random() < 0.6 else f"{place} {time}"]
    tags = [place] if rng.random() < 0.96 else []
    return tags + ([time] if rng.random() < 0.95 else [])


def _tags(scene: Scene, rng: random.Random) -> str:
    if scene.is_person:
        garment = [_garment(scene)] if rng.random() < 0.95 else []
        looks = _looks(scene, rng)
        tags, is_first_kept = [*garment, *looks, *_setting(scene, rng)], rng.random() < 0.8
        subject = _who(scene)
    else:
        tags, is_first_kept, subject = _setting(scene, rng), rng.random() < 0.8, _object(scene)
    if scene.style:
        tags.append(rng.choice(STYLE_TAGS[scene.style]))
    if rng.random() < 0.3:
        rng.shuffle(tags)
        if not is_first_kept:
            tags.insert(rng.randrange(len(tags) + 1), subject)
            return ", ".join(tags)
    return ", ".join([subject, *tags])


def _sentence(scene: Scene, rng: random.Random) -> str:
    opening = rng.choice(SENTENCE_OPENINGS)
    place, time = rng.choice(PLACE_PHRASES[scene.place]), rng.choice(TIME_PHRASES[scene.time])
    ending = f" {place} {time}" if rng.random() < 0.9 else f" {place}"
    if scene.has_backdrop:
        ending = f" on a {BACKDROP_TAGS[0]}"
    style = f", {rng.choice(STYLE_TAGS[scene.style])}" if scene.style else ""
    if not scene.is_person:
        return f"{opening}{_article(_object(scene))}{ending}{style}"
    looks = ""
    if scene.character is None:
        named = [_hair(scene, rng)] if rng.random() < 0.5 or _has_rare_hair(scene) else []
        if rng.random() < 0.1:
            named.append(f"{scene.skin} skin")
        named.extend(scene.extras)
        if scene.hat and rng.random() < 0.85:
            named.append(_article(scene.hat))
        articled = [_article(n) if n.split()[-1] in _COUNTABLE else n for n in named]
        looks = f" with {' and '.join(articled)}" if articled else ""
    pose = f" {POSE_PHRASES[scene.pose]}" if rng.random() < 0.2 else ""
    garment = f" {rng.choice(CONNECTORS)} {_article(_garment(scene))}"
    return f"{opening}{_article(_who(scene))}{looks}{garment}{pose}{ending}{style}"


_COUNTABLE = ("bob", "braid", "ponytail", "bun", "hairpin", "crown", "flower")


def caption(scene: Scene, rng: random.Random) -> str:
    """A fresh caption that never contradicts the picture; optional attributes are left out at random."""
    return _sentence(scene, rng) if rng.random() < 0.18 else _tags(scene, rng)


def plain_caption(scene: Scene) -> str:
    """The canonical comma tags, for held-out prompts; a character's look is not named."""
    tags = [_who(scene), _garment(scene)] if scene.is_person else [_object(scene)]
    if scene.is_person and scene.character is None:
        tags.append(_hair(scene, None))
        tags.extend([scene.hat] if scene.hat else [])
        tags.extend(scene.extras)
    setting = [BACKDROP_TAGS[0]] if scene.has_backdrop else [scene.place, scene.time]
    return ", ".join([*tags, *setting, *([scene.style] if scene.style else [])])


def _known_words() -> frozenset[str]:
    phrases: list[str] = [SENTENCE_WORDS, PORTRAIT_TAG, *BACKDROP_TAGS, *CONNECTORS, *SENTENCE_OPENINGS]
    for words in (scenes.COLORS, scenes.SUBJECTS, scenes.CLOTHING, scenes.PLACES, scenes.TIMES, scenes.STYLES,
                  scenes.HAIR_COLORS, scenes.UNUSUAL_HAIR_COLORS, scenes.SKINS, scenes.HATS, scenes.POSES,
                  scenes.EXTRAS, scenes.NAMES, HAIR_WORDS.values(), POSE_PHRASES.values()):  # fmt: skip
        phrases.extend(words)
    for table in (PLACE_TAGS, TIME_TAGS, PLACE_PHRASES, TIME_PHRASES, STYLE_TAGS):
        for words in table.values():
            phrases.extend(words)
    return frozenset(" ".join(phrases).replace("{}", "").lower().split())


KNOWN_WORDS: frozenset[str] = _known_words()
