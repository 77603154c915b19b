"""Check comments, docstrings, documents and the page's English texts for words that "How we write" in
CONTRIBUTING.md rules out.

    python scripts/check_words.py [PATH ...]

Prints one line a finding; exits with 1 if there is one. In tests, strings are data and are not checked.
"""

import io
import re
import subprocess
import sys
import tokenize
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent

# The word as a regular expression, and what to write in its place.
WORDS = {
    r"tells?|told|telling": "return, report, publish, say",
    r"hears?|heard": "receive",
    r"heeds?|heeded": "handle, respect",
    r"doom(ed|s)?": "delete, mark for deletion",
    r"whoever|whomever|somebody|someone|nobody|nobody's": "name the actor: the client, the dispatcher",
    r"those (of them|that|who|which)": "name the things",
    r"beside": "next to, in parallel with, in addition to",
    r"at once": "immediately, at the same time",
    r"whereabouts|wherein|thereof": "name the thing",
}
PATTERN = re.compile("|".join(f"(?P<w{index}>\\b(?:{word})\\b)" for index, word in enumerate(WORDS)), re.IGNORECASE)
INSTEAD = list(WORDS.values())
TYPESCRIPT_COMMENT = re.compile(r"/\*.*?\*/|(?<![:\"'`])//[^\n]*", re.DOTALL)
MARKDOWN_CODE = re.compile(r"```.*?```|`[^`\n]*`|^(?: {4}|\t).*$|\]\([^)]*\)", re.DOTALL | re.MULTILINE)
FSTRING_MIDDLE = getattr(tokenize, "FSTRING_MIDDLE", -1)  # from Python 3.12 on
LINE_ENDS = (tokenize.NEWLINE, tokenize.NL, tokenize.INDENT, tokenize.DEDENT, tokenize.ENCODING)
PAGE_TEXTS = ROOT / "frontend" / "src" / "i18n" / "en"
GENERATED = ("frontend/openapi.json", "frontend/src/api/schema.ts", "CHANGELOG.md", "scripts/check_words.py")


def main() -> int:
    paths = [Path(path) for path in sys.argv[1:]] or tracked_files()
    num_findings = 0
    for path in paths:
        for line, word, instead in findings(path):
            print(f"{path.resolve().relative_to(ROOT)}:{line}: {word!r}: write {instead}")
            num_findings += 1
    return 1 if num_findings else 0


def tracked_files() -> list[Path]:
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, check=True, capture_output=True, text=True).stdout
    names = [name for name in listed.split("\0") if name and name not in GENERATED]
    return [ROOT / name for name in names if (ROOT / name).is_file()]


def findings(path: Path) -> Iterator[tuple[int, str, str]]:
    """(line number from 1, word found, what to write instead) for one file; nothing for file types without prose."""
    for first_line, text in prose(path):
        for match in PATTERN.finditer(text):
            line = first_line + text.count("\n", 0, match.start())
            yield line, match.group(), INSTEAD[int((match.lastgroup or "w0")[1:])]


def prose(path: Path) -> Iterator[tuple[int, str]]:
    """(line number from 1, text) for each piece of prose in a file."""
    if path.suffix == ".py":
        strings_are_prose = "tests" not in path.resolve().relative_to(ROOT).parts
        starts_line = True
        for token in tokenize.generate_tokens(io.StringIO(path.read_text("utf-8")).readline):
            is_string = token.type in (tokenize.STRING, FSTRING_MIDDLE)
            if token.type == tokenize.COMMENT or (is_string and (strings_are_prose or starts_line)):
                yield token.start[0], token.string
            starts_line = token.type in LINE_ENDS
    elif path.suffix in (".ts", ".tsx"):
        source = path.read_text("utf-8")
        if path.resolve().is_relative_to(PAGE_TEXTS):
            yield 1, source
            return
        for match in TYPESCRIPT_COMMENT.finditer(source):
            yield source.count("\n", 0, match.start()) + 1, match.group()
    elif path.suffix == ".md":
        source = path.read_text("utf-8")
        yield 1, MARKDOWN_CODE.sub(lambda match: "\n" * match.group().count("\n"), source)


if __name__ == "__main__":
    sys.exit(main())
