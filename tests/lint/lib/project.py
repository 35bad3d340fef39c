"""What the checks that are written in Python share."""

import pathlib
import re
import subprocess
import sys

TOP = pathlib.Path(__file__).resolve().parents[3]

# A comment, a string or a character constant of C.
TOKEN = re.compile(r"""/\*.*?\*/|//[^\n]*|"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*'""", re.DOTALL)


def files(*patterns):
    """The project's files that match, as paths from the top."""
    lister = TOP / "tests/lint/lib/files"
    return subprocess.run([lister, *patterns], check=True, capture_output=True, text=True).stdout.split()


def read(path):
    return (TOP / path).read_text(encoding="utf-8")


def code(path):
    """C without its comments and without what is in strings; lines and columns stay where they are."""

    def blank(match):
        text = match.group()
        return re.sub(r"[^\n]", " ", text) if text[0] == "/" else text[0] + " " * (len(text) - 2) + text[-1]

    return TOKEN.sub(blank, read(path))


def rows():
    """The rows of all .def files: {struct: {property: (kind, type or words, is required)}}."""
    structs = {}
    row = re.compile(r"^(\w+)\((\w+)(?:, (\w+))?(?:, ([\w\"|]+))?(?:, (\w+))?\)$", re.MULTILINE)
    for path in files("*.def"):
        for match in row.finditer(read(path)):
            kind, owner, name, third, fourth = match.groups()
            if kind == "BEGIN":
                structs[owner] = {}
            elif kind not in ("END", "KEY"):
                detail = third if fourth else None
                structs[owner][name] = (kind, detail, (fourth or third) == "REQUIRED")
    return structs


class Findings:
    """Messages; finish() ends the program with the exit status that they ask for."""

    def __init__(self):
        self.n = 0

    def add(self, path, line, text):
        print(f"{path}:{line}: {text}" if line else f"{path}: {text}")
        self.n += 1

    def finish(self):
        sys.exit(1 if self.n else 0)
