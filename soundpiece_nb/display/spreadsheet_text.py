"""Text that a spreadsheet takes for text and not for a formula.

Excel and its like run what begins with `=`, `+`, `-` or `@`, whoever wrote it (CWE-1236; OWASP, CSV
Injection). An apostrophe before it makes it text.
"""

from __future__ import annotations

import re

_FORMULA = "[\\s\0\"']*[=+\\-@\t\r\n\uff1d\uff0b\uff0d\uff20]"
"""The beginning of what may be run: a sign, also behind blanks or quotes, or in the full width of
Chinese, Japanese and Korean editions; a tab or the end of a line, which some programs drop.

An apostrophe before such a beginning makes another such one: so none is taken for ours that a
person wrote.
"""
RESTORED = rf"^'(?={_FORMULA})"
"""The apostrophe of a neutralised text, for `frame.replace(RESTORED, "", regex=True)`."""
_may_be_run = re.compile(_FORMULA).match


def neutralised(text: str) -> str:
    """Return a text with an apostrophe before it if a spreadsheet might run it."""
    return f"'{text}" if _may_be_run(text) else text
