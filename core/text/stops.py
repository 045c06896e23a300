"""Full stops that end a word, not a sentence."""

from __future__ import annotations

import re

_ABBREVIATION = re.compile(
    r"(?:\b(?:Mr|Mrs|Ms|Dr|Prof|Gen|Capt|Sgt|Lt|Col|Gov|Sen|Rev|Sr|Jr|St|Mt|vs|etc|approx|"
    r"[Nn]os?|Nr|[Ff]igs?|[Vv]ol|[Cc]h|[Ss]ec|[Ee]q|pp?|cf|al|Inc|Ltd|Co|Corp|[Dd]ept|"
    r"Jan|Feb|Mar|Apr|Jun|Jul|Aug|Sept?|Oct|Nov|Dec|"
    r"bzw|usw|ca|[Ee]vtl|[Gg]gf|inkl|exkl|zzgl|Mio|Mrd|Tel|\w*[Ss]tr|Abs|Hr|Fr|Sra?|z|u)"
    r"|\d\s?(?:Std|Min|Sek)"
    # An initial; but behind a number a letter is a unit: "It is 21.5 °C. Yes."
    r"|\b[A-Za-z](?:\.[A-Za-z])+|(?<!°)(?<!° )(?<!\d )\b[A-Za-z])\.$"
)
# "am 5. Mai", "1. Platz"; but not "$5.99. Next" nor "at 14:30. Next".
_ORDINAL = re.compile(r"(?<![\d.,:/$€£¥%-])\b\d{1,2}\.$")
# "am 24.12. um 9 Uhr"
_DATE = re.compile(r"(?<![\d.,:/])\d{1,2}\.\d{1,2}\.$")
_LATIN_LETTER = re.compile(r"[A-Za-z\u00c0-\u024f]")
_LONGEST = 24


def ends_word(text: str, following: str) -> bool:
    """Whether the full stop at the end of `text` belongs to its last word. following: what comes behind the blank."""
    end = text.rstrip()[-_LONGEST:]
    if _ABBREVIATION.search(end) or (_ORDINAL.search(end) and _LATIN_LETTER.match(following)):
        return True
    return following.islower() and bool(_DATE.search(end))
