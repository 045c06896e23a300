"""Japanese as it is read aloud: what is written with digits and signs, in kanji and kana."""

from __future__ import annotations

import re
from collections.abc import Callable

Match = re.Match[str]
Reader = tuple[str, Callable[[Match], str]]

_DIGITS = "〇一二三四五六七八九"
_PLACES = ("千", "百", "十", "")
_GROUPS = ("", "万", "億", "兆")
_MOST_DIGITS = 16

_NUMBER = r"(?:\d{1,3}(?:,\d{3})+|\d+)(?:\.\d+)?"
_START = r"(?<![\d.,A-Za-z:/])"
_END = r"(?![\d/]|[.,:]\d)"
_SIGN = r"(?:(?<![A-Za-z0-9.)])[-−–+±])?"
_DASH = r"\s?(?:[-–—~～〜]|から)\s?"

_CURRENCIES = {
    "¥": "円", "￥": "円", "JPY": "円", "$": "ドル", "US$": "ドル", "USD": "ドル", "€": "ユーロ", "EUR": "ユーロ",
    "£": "ポンド", "₩": "ウォン", "元": "元", "円": "円",
}  # fmt: skip
_UNITS = {
    "%": "パーセント", "‰": "パーミル", "km": "キロメートル", "m": "メートル", "cm": "センチメートル",
    "mm": "ミリメートル", "µm": "マイクロメートル", "μm": "マイクロメートル", "m²": "平方メートル",
    "km²": "平方キロメートル", "㎡": "平方メートル", "m³": "立方メートル", "kg": "キログラム", "g": "グラム",
    "mg": "ミリグラム", "µg": "マイクログラム", "μg": "マイクログラム", "t": "トン", "L": "リットル", "l": "リットル",
    "ℓ": "リットル", "mL": "ミリリットル", "ml": "ミリリットル", "W": "ワット", "kW": "キロワット",
    "MW": "メガワット", "kWh": "キロワット時", "Wh": "ワット時", "V": "ボルト", "mV": "ミリボルト", "A": "アンペア",
    "mA": "ミリアンペア", "mAh": "ミリアンペア時", "Hz": "ヘルツ", "kHz": "キロヘルツ", "MHz": "メガヘルツ",
    "GHz": "ギガヘルツ", "dB": "デシベル", "Pa": "パスカル", "hPa": "ヘクトパスカル", "kPa": "キロパスカル",
    "J": "ジュール", "kcal": "キロカロリー", "cal": "カロリー", "lx": "ルクス", "lm": "ルーメン",
    "ppm": "ピーピーエム", "KB": "キロバイト", "kB": "キロバイト", "MB": "メガバイト", "GB": "ギガバイト",
    "TB": "テラバイト", "Mbps": "メガビーピーエス", "Gbps": "ギガビーピーエス", "px": "ピクセル", "h": "時間",
    "min": "分", "s": "秒", "sec": "秒", "ms": "ミリ秒", "K": "ケルビン",
}  # fmt: skip
_SPEEDS = {"h": "時速", "時": "時速", "s": "秒速", "秒": "秒速", "min": "分速", "分": "分速"}
_PER = {
    "m³": "立方メートル", "m²": "平方メートル", "kWh": "キロワット時", "h": "時間", "s": "秒", "min": "分",
    "L": "リットル", "l": "リットル", "kg": "キログラム", "日": "日", "月": "月", "年": "年", "回": "回",
}  # fmt: skip
_HALVES = {"½": (1, 2), "⅓": (1, 3), "⅔": (2, 3), "¼": (1, 4), "¾": (3, 4), "⅛": (1, 8)}
_SIGNS = {
    "&": "アンド", "＆": "アンド", "=": "イコール", "＝": "イコール", "+": "プラス", "＋": "プラス", "×": "かける",
    "÷": "割る", "±": "プラスマイナス", "≈": "約", "≒": "約", "≤": "以下", "≥": "以上", "<": "小なり", ">": "大なり",
}  # fmt: skip


def _any(words: object) -> str:
    return "|".join(map(re.escape, sorted(words, key=len, reverse=True)))  # type: ignore[call-overload]


def japanese_cardinal(number: int) -> str:
    """1980 -> "千九百八十"; 10000000 -> "一千万"; 0 -> "ゼロ"."""
    if number == 0:
        return "ゼロ"
    if len(str(number)) > _MOST_DIGITS:
        return japanese_digits(str(number))
    said = ""
    for name in _GROUPS:
        number, part = divmod(number, 10_000)
        if part:
            said = _group(part, first="一千" if name else "千") + name + said
    return said


def japanese_digits(text: str) -> str:
    """One by one: "0120" -> "ゼロ一二ゼロ"."""
    return "".join("ゼロ" if digit == "0" else _DIGITS[int(digit)] for digit in text if digit.isdecimal())


def japanese_number(text: str) -> str:
    """What is written with digits, perhaps commas and a point: "1,980.5"."""
    whole, point, fraction = text.replace(",", "").partition(".")
    said = japanese_digits(whole) if len(whole) > 1 and whole[0] == "0" else japanese_cardinal(int(whole or "0"))
    return f"{'零' if whole == '0' else said}点{japanese_digits(fraction)}" if point and fraction else said


def _group(number: int, first: str) -> str:
    said = ""
    for digit, place in zip(f"{number:04d}", _PLACES, strict=True):
        if digit == "1" and place:
            said += first if place == "千" else place
        elif digit != "0":
            said += _DIGITS[int(digit)] + place
    return said


def _signed(text: str) -> str:
    sign = {"-": "マイナス", "−": "マイナス", "–": "マイナス", "+": "プラス", "±": "プラスマイナス"}.get(text[:1], "")
    return sign + japanese_number(text[1:] if sign else text)


def _low(match: Match) -> str:
    return f"{_signed(match['low'])}から" if match["low"] else ""


def _temperature(match: Match) -> str:
    scale = "華氏" if match["scale"] == "F" else ""
    return f"{scale}{_low(match)}{'零' if match['n'] == '0' else _signed(match['n'])}度"


def _measure(match: Match) -> str:
    said = f"{_low(match)}{_signed(match['n'])}{_UNITS[match['unit']]}"
    return said + (f"毎{_PER[match['per']]}" if match["per"] else "")


def _speed(match: Match) -> str:
    return f"{_SPEEDS[match['per']]}{_low(match)}{_signed(match['n'])}{_UNITS[match['unit']]}"


def _money(match: Match) -> str:
    minus = "マイナス" if match["sign"] else ""
    per = f"{_PER[match['per']]}あたり" if match["per"] else ""
    return f"{per}{minus}{japanese_number(match['n'])}{match['s'] or ''}{_CURRENCIES[match['c']]}"


def _date(match: Match) -> str:
    month, day = int(match["m"]), int(match["d"])
    if not (1 <= month <= 12 and 1 <= day <= 31):
        return match[0]
    year = f"{japanese_cardinal(int(match['y']))}年" if match["y"] else ""
    return f"{year}{japanese_cardinal(month)}月{japanese_cardinal(day)}日"


def _fraction_or_date(match: Match) -> str:
    top, bottom = int(match["m"]), int(match["d"])
    if 0 < top < bottom <= 10 and not match["week"]:
        return f"{japanese_cardinal(bottom)}分の{japanese_cardinal(top)}"
    return _date(match) + (f"{match['week'][1]}曜日" if match["week"] else "")


def _clock(match: Match) -> str:
    hour, minute, second = match["h"], match["m"], match["s"]
    if int(hour) > 24 or int(minute) > 59:
        return f"{japanese_cardinal(int(hour))}分{japanese_cardinal(int(minute))}秒"
    half = {"a": "午前", "p": "午後"}.get((match["noon"] or " ")[0].lower(), "")
    said = f"{half}{japanese_cardinal(int(hour)) if int(hour) else '零'}時"
    said += f"{japanese_cardinal(int(minute))}分" if int(minute) or second else ""
    return said + (f"{japanese_cardinal(int(second))}秒" if second else "")


def _part(text: str) -> str:
    return japanese_digits(text) if text[0] == "0" else japanese_cardinal(int(text))


def _integer(match: Match) -> str:
    text = match["n"]
    if text == "0" and match.string[match.end() : match.end() + 1] in ("度", "時"):
        return "零"
    return (
        japanese_digits(text) if len(text) > 8 and text.isdecimal() and text[-4:] != "0000" else japanese_number(text)
    )


_CURRENCY = _any(_CURRENCIES)
_UNIT = _any(_UNITS)
_RANGE = rf"(?:(?P<low>{_SIGN}{_NUMBER})\s?(?:°?C|°|度|%)?{_DASH})?"
_CODE = r"(?:暗証番号|番号|コード|パスワード|部屋|号室|電話|内線)[はがのを：:]?\s?"
_READERS: list[Reader] = [
    (_START + r"(?P<y>\d{4})(?P<sep>[-/.])(?P<m>\d{1,2})(?P=sep)(?P<d>\d{1,2})(?![\d-])", _date),
    (_START + r"(?P<y>)(?P<m>\d{1,2})/(?P<d>\d{1,2})(?P<week>[（(][月火水木金土日][)）])?" + _END, _fraction_or_date),
    (r"(?<=\d[:：]\d\d)\s?[-–—~～〜]\s?(?=\d{1,2}[:：]\d\d)", lambda m: "から"),
    (_START + r"(?P<h>\d{1,2})[:：](?P<m>\d\d)(?:[:：](?P<s>\d\d))?(?![\d:：])"
     r"(?:\s?(?P<noon>[AaPp])\.?[Mm](?![A-Za-z])\.?)?", _clock),
    (_START + r"(?P<h>\d{1,2})(?P<m>)(?P<s>)\s?(?P<noon>[AaPp])\.?[Mm](?![A-Za-z])\.?",
     lambda m: f"{'午前' if m['noon'] in 'Aa' else '午後'}{japanese_cardinal(int(m['h']))}時"),
    (_START + r"(\d+)\s?[:：]\s?(\d+)" + _END,
     lambda m: f"{japanese_cardinal(int(m[1]))}対{japanese_cardinal(int(m[2]))}"),
    (r"(?<![A-Za-z0-9.])\+(\d{1,3})[ -](\d{1,4}(?:[ -]\d{3,4}){1,3})(?!\d)",
     lambda m: f"プラス{japanese_digits(m[1])}、{_phone(m[2])}"),
    (r"(?<![A-Za-z0-9.])(0\d{1,4}-\d{1,4}-\d{3,4}|0\d{2,3}-\d{6,7})(?!\d)", lambda m: _phone(m[1])),
    (r"(?<![A-Za-z0-9.])(0\d{9,10})(?!\d)", lambda m: japanese_digits(m[1])),
    (r"〒\s?(\d{3})-(\d{4})", lambda m: f"郵便番号{japanese_digits(m[1])}の{japanese_digits(m[2])}"),
    (rf"({_CODE})(\d{{3,}})(?![\d.,円])", lambda m: m[1] + japanese_digits(m[2])),
    (_START + r"(\d+(?:\.\d+){3})(?![\d.]*\d)", lambda m: "ドット".join(map(_part, m[1].split(".")))),
    (_START + r"(\d+(?:\.\d+){2,})(?![\d.]*\d)", lambda m: "点".join(map(_part, m[1].split(".")))),
    (rf"(?:(?<!\d)(\d+))?([{''.join(_HALVES)}])",
     lambda m: (f"{japanese_cardinal(int(m[1]))}と" if m[1] else "") + _half(m[2])),
    (rf"(?P<sign>[-−](?=\D))?(?<![A-Za-z])(?P<c>{_CURRENCY})\s?(?P<n>{_NUMBER})(?P<s>[千万億兆]+)?"
     rf"(?:/(?P<per>{_any(_PER)}))?", _money),
    (rf"(?P<sign>){_START}(?P<n>{_NUMBER})(?P<s>[千万億兆]+)?\s?(?P<c>{_CURRENCY})"
     rf"(?:/(?P<per>{_any(_PER)}))?(?![A-Za-z])", _money),
    (rf"{_START}{_RANGE}(?P<n>{_SIGN}{_NUMBER})\s?°\s?(?:(?P<scale>[CF])(?![A-Za-z]))?", _temperature),
    (rf"(?<=[時秒]速)(?P<n>{_NUMBER})\s?(?P<unit>km|m)(?:/(?:h|s|時|秒))?(?![A-Za-z0-9²³])",
     lambda m: f"{japanese_number(m['n'])}{_UNITS[m['unit']]}"),
    (rf"{_START}{_RANGE}(?P<n>{_NUMBER})\s?(?P<unit>km|m|cm)/(?P<per>{_any(_SPEEDS)})(?![A-Za-z0-9²³])", _speed),
    (rf"{_START}{_RANGE}(?P<n>{_SIGN}{_NUMBER})\s?(?P<unit>{_UNIT})"
     rf"(?:/(?P<per>{_any(_PER)}))?(?![A-Za-z0-9/²³])", _measure),
    (rf"{_START}({_NUMBER})\s?[x×*]\s?(?=\d)", lambda m: f"{japanese_number(m[1])}かける"),
    (rf"{_START}({_NUMBER})([千万億兆円日月年時分秒度人個回件本枚階台つ]?){_DASH}(?={_NUMBER})",
     lambda m: f"{japanese_number(m[1])}{m[2]}から"),
    (r"CO2(?![A-Za-z0-9])", lambda m: "シーオーツー"),
    (r"(?:No\.|№)\s?(?=\d)", lambda m: "ナンバー"),
    (r"#(?=\d)", lambda m: "ナンバー"),
    (rf"(?<![A-Za-z0-9.)])[-−](?={_NUMBER})", lambda m: "マイナス"),
    (r"(?<=[A-Za-z])-(?=\d)", lambda m: ""),
    (r"(?<![\d.,時])10分(?!の\d)", lambda m: "じゅっぷん"),  # 十分 is also "enough"
    (rf"(?<![\d.,])(?P<n>{_NUMBER})", _integer),
    (r"%", lambda m: "パーセント"),
    (r"°C?", lambda m: "度"),
    (rf"\s*([{re.escape(''.join(_SIGNS))}])\s*(?=\S)", lambda m: _SIGNS[m[1]]),
]  # fmt: skip


def _phone(text: str) -> str:
    return "、".join(map(japanese_digits, re.split(r"[ -]", text)))


def _half(sign: str) -> str:
    top, bottom = _HALVES[sign]
    return f"{japanese_cardinal(bottom)}分の{japanese_cardinal(top)}"


_COMMA = re.compile(r"(?<=[\u3040-\u9fff]), ?(?=[\u3040-\u9fff])")
_COMPILED = [(re.compile(pattern), say) for pattern, say in _READERS]
_WIDE = str.maketrans(
    {chr(0xFF10 + digit): str(digit) for digit in range(10)}
    | {chr(code): chr(code - 0xFEE0) for code in (*range(0xFF21, 0xFF3B), *range(0xFF41, 0xFF5B))}
    | {"％": "%", "℃": "°C", "℉": "°F", "²": "²", "㎏": "kg", "㎞": "km", "㎝": "cm", "㎜": "mm", "㎥": "m³", "㍑": "L"}
)  # fmt: skip


def read_japanese(text: str) -> str:
    """`text` with numbers, dates, times, money, measures and signs in words."""
    text = text.translate(_WIDE).translate(str.maketrans("₀₁₂₃₄₅₆₇₈₉", "0123456789"))
    for pattern, say in _COMPILED:
        text = pattern.sub(say, text)
    return _COMMA.sub("、", text)
