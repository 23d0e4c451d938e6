"""Words that mean harm, or break what is built carelessly; and pages of them, taken apart."""

from __future__ import annotations

from dataclasses import dataclass, field
from html.parser import HTMLParser

from hypothesis import strategies as st

SCRIPTS = (
    "<script>window.__ran = 1</script>",
    '<img src="x" onerror="window.__ran = 2">',
    "</pre></details></div></body></html><svg onload=window.__ran=3>",
    "\"' autofocus onfocus=window.__ran=4 x='",
    "javascript:window.__ran=5",
    "<a href='javascript:window.__ran=6'>here</a>",
    "<!-- ]]> <![CDATA[ -->",
    "&lt;b&gt; &#60;script&#62; &amp;amp; &nbsp",
)
BRACES = ("{{name}}", "{{ words }}", "{{{{x}}}}", "{0} {} {{}} }} {{", "%s %(x)s $HOME ${x} `ls`")
DIRECTIONS = ("\u202eback\u202c", "\u200f", "\u2066\u2067", "\u0627\u0644\u0644\u064a\u0644")
CONTROLS = ("\0", "\x1b[2J\x1b]0;title\a", "\b\b", "\r", "\x0b\x0c", "\x1c", "\x85", "\x9b31m")
BLANKS = ("\n", "\n\n", "\r\n", "\t", "   ", "\n   \n", "\u2028", "\u2029", "\xa0", "\ufeff")
PROMPTS = (
    ">>> ",
    "... ",
    "   ...: ",
    "In [1]: ",
    "%pwd",
    "!ls",
    "?",
    "\\",
    "'",
    '"',
    "--note=x",
    "-5",
)
BEYOND_LATIN = ("e\u0301", "夜", "👩\u200d👩\u200d👧", "\U0010ffff", "\ufffe")

PIECES = (*SCRIPTS, *BRACES, *DIRECTIONS, *CONTROLS, *BLANKS, *PROMPTS, *BEYOND_LATIN)

HALF = "\ud800"
"""Half of a surrogate pair, which no encoding can write down."""


def texts(most: int = 1000) -> st.SearchStrategy[str]:
    """Give any text at all, and often one of the above, that is more than white space."""
    pieces = st.lists(st.sampled_from(PIECES) | st.text(max_size=8), min_size=1, max_size=8)
    return pieces.map("".join).filter(lambda text: text.strip() and len(text) <= most)


NAMES = st.sampled_from(["night_drive", "nächte", "गति", "x" * 300, "𠀀" * 60, "_", "ﬁ"])


def harmless(text: str) -> str:
    """Return a text of the same shape: blanks and controls as they are, all else a letter."""
    kept = set("".join(CONTROLS) + "".join(BLANKS))
    return "".join(c if c in kept or c.isspace() or ord(c) < ord(" ") else "x" for c in text)


@dataclass
class Page(HTMLParser):
    """HTML as its elements in order, and its text; a <br> is a line's end."""

    html: str
    elements: list[tuple[str, dict[str, str | None]]] = field(default_factory=list)
    chunks: list[tuple[str, bool]] = field(default_factory=list)
    """Each piece of text, and whether an element around it keeps its direction to itself."""
    _open: list[tuple[str, bool]] = field(default_factory=list)

    def __post_init__(self) -> None:
        super().__init__()
        self.feed(self.html)
        self.close()
        assert not self._open, f"left open: {self._open}"

    @property
    def text(self) -> str:
        return "".join(chunk for chunk, _ in self.chunks)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "br":
            self.chunks.append(("\n", True))
            return
        self.elements.append((tag, dict(attrs)))
        if tag not in _VOID:
            self._open.append((tag, dict(attrs).get("dir") == "auto"))

    def handle_endtag(self, tag: str) -> None:
        opened, _ = self._open.pop()
        assert tag == opened, f"</{tag}> ends <{opened}>"

    def handle_data(self, data: str) -> None:
        self.chunks.append((data, any(isolated for _, isolated in self._open)))

    def handle_comment(self, data: str) -> None:
        raise AssertionError(f"a comment or declaration: {data}")

    handle_pi = unknown_decl = handle_comment


_VOID = ("img", "input", "meta")
