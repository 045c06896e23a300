"""Chinese as it is read aloud: what wetext's grammars leave or get wrong, put in words before it reads the rest."""

from __future__ import annotations

import re
from collections.abc import Callable

from .numerals import han_cardinal, han_digits, han_number

Match = re.Match[str]
Reader = tuple[str, Callable[[Match], str]]

_NUMBER = r"(?:\d{1,3}(?:,\d{3})+|\d+)(?:\.\d+)?"
_START = r"(?<![\d.,A-Za-z])"
_SIGN = r"(?:(?<![A-Za-z0-9])[-−+±])?"
_DASH = r"\s?(?:[-–—~～〜]|至|到)\s?"
_HAN = r"[\u3400-\u9fff]"

_CURRENCIES = {"¥": "元", "￥": "元", "CN¥": "元", "RMB": "元", "CNY": "元", "$": "美元", "US$": "美元", "USD": "美元",
               "HK$": "港元", "NT$": "新台币", "€": "欧元", "EUR": "欧元", "£": "英镑", "GBP": "英镑", "JPY": "日元",
               "₩": "韩元", "₹": "卢比"}  # fmt: skip
_CURRENCY = "|".join(map(re.escape, sorted(_CURRENCIES, key=len, reverse=True)))
_UNITS = {
    "km": "公里", "m": "米", "dm": "分米", "cm": "厘米", "mm": "毫米", "nm": "纳米", "μm": "微米", "µm": "微米",
    "kg": "千克", "g": "克", "mg": "毫克", "μg": "微克", "µg": "微克", "t": "吨", "L": "升", "l": "升", "mL": "毫升",
    "ml": "毫升", "h": "小时", "min": "分钟", "s": "秒", "ms": "毫秒", "Hz": "赫兹", "kHz": "千赫兹", "MHz": "兆赫兹",
    "GHz": "吉赫兹", "V": "伏", "kV": "千伏", "A": "安", "mA": "毫安", "mAh": "毫安时", "Ah": "安时", "W": "瓦",
    "kW": "千瓦", "MW": "兆瓦", "kWh": "千瓦时", "dB": "分贝", "Pa": "帕", "kPa": "千帕", "hPa": "百帕",
    "MPa": "兆帕", "J": "焦", "kJ": "千焦", "cal": "卡", "kcal": "千卡", "Ω": "欧", "lx": "勒克斯", "ppm": "ppm",
    "KB": "KB", "MB": "MB", "GB": "GB", "Mbps": "兆比特每秒", "TB": "TB", "px": "像素", "mph": "英里每小时",
    "rpm": "转每分", "ft": "英尺", "lb": "磅", "oz": "盎司", "ha": "公顷",
}  # fmt: skip
_UNIT = "|".join(map(re.escape, sorted(_UNITS, key=len, reverse=True)))
_PER = {"h": "小时", "s": "秒", "min": "分钟", "kg": "千克", "g": "克", "L": "升", "m²": "平方米", "m³": "立方米",
        "km": "公里", "d": "天", "kWh": "千瓦时", "s²": "二次方秒", "m": "米"}  # fmt: skip
_PER_UNIT = "|".join(map(re.escape, sorted(_PER, key=len, reverse=True)))
_POWERS = {"²": "平方", "³": "立方"}
_HALVES = {"½": "二分之一", "⅓": "三分之一", "⅔": "三分之二", "¼": "四分之一", "¾": "四分之三", "⅛": "八分之一"}
_CIRCLED = {chr(0x2460 + index): han_cardinal(index + 1) for index in range(20)}
_LISTED = re.compile(rf"((?<={_HAN}))?([①-⑳])(?={_HAN})")  # ①打开②关闭
_SUBSCRIPTS = str.maketrans("₀₁₂₃₄₅₆₇₈₉", "0123456789")
_WIDE = str.maketrans({chr(0xFF10 + digit): str(digit) for digit in range(10)}
                      | {chr(code): chr(code - 0xFEE0) for code in (*range(0xFF21, 0xFF3B), *range(0xFF41, 0xFF5B))}
                      | {"％": "%", "㎡": "m²"})  # fmt: skip
_SIGNS = {"&": "和", "≈": "约等于", "≠": "不等于", "=": "等于", "×": "乘以", "÷": "除以", "√": "根号", "∞": "无穷大",
          "<": "小于", ">": "大于",
          "≤": "小于等于", "≥": "大于等于"}  # fmt: skip


def _signed(text: str) -> str:
    sign = {"-": "负", "−": "负", "+": "正", "±": "正负"}.get(text[:1], "")
    return sign + han_number(text[1:] if sign else text)


def _quantity(text: str) -> str:
    """A count before a unit: two is 两."""
    return "两" if text == "2" else _signed(text)


def _low(match: Match) -> str:
    return f"{_signed(match['low'])}到" if match["low"] else ""


def _temperature(match: Match) -> str:
    scale = {"C": "摄氏", "F": "华氏"}.get(match["scale"] or "", "")
    # 摄氏度 and 华氏度 are both said behind the number.
    return f"{_low(match)}{_signed(match['n'])}{scale}度"


def _measure(match: Match) -> str:
    unit = _POWERS.get(match["power"] or "", "") + _UNITS[match["unit"]]
    number = _signed(match["n"]) if unit.isascii() else _quantity(match["n"])
    return f"{_low(match)}{number}{unit}" + (f"每{_PER[match['per']]}" if match["per"] else "")


def _money(match: Match) -> str:
    return f"{'负' if match['sign'] else ''}{han_number(match['n'])}{match['s'] or ''}{_CURRENCIES[match['c']]}"


def _phone(match: Match) -> str:
    country = f"加{han_digits(match['country'], '幺')}，" if match["country"] else ""
    return country + han_digits(match["rest"], "幺")


def _date(match: Match) -> str:
    month, day = int(match["m"]), int(match["d"])
    if not (1 <= month <= 12 and 1 <= day <= 31):
        return match[0]
    return f"{han_digits(match['y'])}年{han_cardinal(month)}月{han_cardinal(day)}日"


def _clock(hour: str, minute: str, second: str | None) -> str:
    said = f"{'两' if int(hour) == 2 else han_cardinal(int(hour))}点"
    if int(minute) or second:
        said += ("零" if minute < "10" and int(minute) else "") + f"{han_cardinal(int(minute))}分"
    return said + (f"{han_cardinal(int(second))}秒" if second else "")


def _time(match: Match) -> str:
    if int(match["h"]) > 24 or int(match["m"]) > 59:
        return f"{han_cardinal(int(match['h']))}分{han_cardinal(int(match['m']))}秒"  # no clock, but a stop-watch
    half = match["noon"]
    before = {"a": "上午", "p": "下午"}[half[0].lower()] if half else ""
    return before + _clock(match["h"], match["m"], match["s"])


def _integer(match: Match) -> str:
    text = match[1]
    return han_digits(text, "幺") if text.startswith("0") or len(text.rstrip("0")) > 7 else han_cardinal(int(text))


# What names something by its digits.
_CODE = r"(?:房间|房号|门牌|号码|编号|代码|密码|验证码|工号|学号|卡号|单号|航班|电话|手机|分机|邮编|数字|码)[是为：:]?"
# Numbers that are called, after what says that they are: 110, 10086.
_CALL = (
    r"(?P<call>(?:拨打|致电|呼叫|客服|热线|拨|打)(?:热线|电话)?[是为：:]?\s?)"
    r"(?P<rest>(?:1\d{2}|\d{5})(?:[、或和](?:1\d{2}|\d{5}))*)(?![\d.,%万亿元块个件次年月人])"
)
_SCALE = r"(?P<s>[十百千万亿]+)?"
_READERS: list[Reader] = [
    (_START + r"(?P<y>\d{4})(?P<sep>[-/.])(?P<m>\d{1,2})(?P=sep)(?P<d>\d{1,2})(?![\d-])", _date),
    (r"公元前\s?(\d+)\s?年", lambda m: f"公元前{han_cardinal(int(m[1]))}年"),
    (r"(?<=\d[:：]\d\d)\s?[-–—~～]\s?(?=\d{1,2}[:：]\d\d)", lambda m: "到"),
    (_START + r"(?P<h>\d{1,2})[:：](?P<m>\d\d)(?:[:：](?P<s>\d\d))?(?![\d:：])"
     r"(?:\s?(?P<noon>[AaPp])\.?[Mm]\b\.?)?", _time),
    (r"(?<![\d.])\+(?P<country>\d{1,3})[ -]?(?P<rest>\d{2,4}(?:[ -]?\d{3,5}){1,3})(?!\d)", _phone),
    (r"(?<![\d.])(?P<country>)(?P<rest>1[3-9]\d[ -]?\d{4}[ -]?\d{4})(?!\d)", _phone),
    (r"(?<![\d.])(0\d{2,3}-\d{7,8}|[48]00-\d{3,4}-\d{3,4})(?!\d)", lambda m: han_digits(m[1])),
    (_CALL, lambda m: m["call"] + re.sub(r"\d+", lambda number: han_digits(number[0], "幺"), m["rest"])),
    (r"(?<=\d)[～〜](?=\d)", lambda m: "~"),
    (_START + r"(\d+)\s?[:：]\s?(\d+)(?![\d:：.])", lambda m: f"{han_cardinal(int(m[1]))}比{han_cardinal(int(m[2]))}"),
    (r"第\s?(\d{1,9})(?!\d|\s?[-–~～/.]\s?\d)", lambda m: f"第{han_cardinal(int(m[1]))}"),
    (r"(?<![\d.第])2年(?!级|代|\d+月)", lambda m: "两年"),
    (r"(?<!\d)(480|720|1080|1440|2160)(?=[pPi](?![A-Za-z]))", lambda m: han_digits(m[1], "幺")),
    (rf"(\d+)?([{''.join(_HALVES)}])", lambda m: (f"{han_cardinal(int(m[1]))}又" if m[1] else "") + _HALVES[m[2]]),
    (rf"(?<=\d)\s?[-−]\s?(?={_NUMBER}\s?=)", lambda m: "减"),
    (r"(?<=[\w)）])\s?\+\s?(?=[\w(（])", lambda m: "加"),
    (rf"(?P<sign>[-−](?=\D))?(?<![A-Za-z])(?P<c>{_CURRENCY})\s?(?P<n>{_NUMBER})\s?{_SCALE}", _money),
    (rf"(?P<sign>){_START}(?P<n>{_NUMBER})\s?{_SCALE}\s?(?P<c>{_CURRENCY})(?![A-Za-z])", _money),
    (rf"{_START}(?:(?P<low>{_SIGN}{_NUMBER})\s?(?:°[CF]?)?{_DASH})?(?P<n>{_SIGN}{_NUMBER})\s?°\s?(?:(?P<scale>[CF])(?![A-Za-z]))?",
     _temperature),
    (rf"{_START}(?:(?P<low>{_SIGN}{_NUMBER})\s?%?{_DASH})?(?P<n>{_SIGN}{_NUMBER})\s?(?P<p>[%‰])",
     lambda m: (f"{_percent(m['low'], m['p'])}到" if m["low"] else "") + _percent(m["n"], m["p"])),
    (rf"{_START}({_NUMBER})次/min", lambda m: f"{han_number(m[1])}次每分钟"),
    (rf"{_START}(?:(?P<low>{_SIGN}{_NUMBER}){_DASH})?(?P<n>{_SIGN}{_NUMBER})\s?(?P<unit>{_UNIT})(?P<power>[²³])?"
     rf"(?:/(?P<per>{_PER_UNIT}))?(?![A-Za-z0-9/²³°])", _measure),
    (rf"{_START}({_NUMBER})\s?[x×*]\s?(?=\d)", lambda m: f"{han_number(m[1])}乘"),
    (r"([A-Za-z0-9])([²³])", lambda m: f"{m[1]}的{'平' if m[2] == '²' else '立'}方"),
    (rf"({_START}{_NUMBER}|[A-Za-z])\^(\d+)", lambda m: f"{_plain(m[1])}的{han_cardinal(int(m[2]))}次方"),
    (r"(?<![\d.])(\d+(?:\.\d+){2,})(?![\d.]*\d)", lambda m: "点".join(han_digits(part) for part in m[1].split("."))),
    (r"[#№](\d+)", lambda m: f"{han_cardinal(int(m[1]))}号"),
    (r"No\.\s?(\d+)", lambda m: f"第{han_cardinal(int(m[1]))}"),
    (r"(?<=[A-Za-z])-(?=\d)", lambda m: " "),
    (rf"{_START}(\d{{1,3}}(?:,\d{{3}})+(?:\.\d+)?)", lambda m: han_number(m[1])),
    (r"(?<!\d)([5-9]0)年代", lambda m: f"{han_cardinal(int(m[1]))}年代"),
    # wetext reads any longer number as a code; only these are.
    (rf"({_CODE}\s?|[A-Za-zＡ-Ｚａ-ｚ])(\d{{3,}})(?![\d.年])", lambda m: m[1] + han_digits(m[2], "幺")),
    (_START + r"(\d{3,}|\d{1,2}0{4,})(?!\s?[-~～/:：.年月]\s?\d?|\d)", _integer),
]  # fmt: skip
_COMPILED = [(re.compile(pattern), say) for pattern, say in _READERS]
_SIGN_BETWEEN = re.compile(rf"\s*([{''.join(_SIGNS)}])\s*")


def _percent(text: str, sign: str) -> str:
    if text == "100" and sign == "%":
        return "百分之百"
    said = _signed(text)
    minus = said[0] if said[0] in "负正" else ""
    return f"{minus}{'百' if sign == '%' else '千'}分之{said[len(minus) :]}"


def _plain(text: str) -> str:
    return han_number(text) if text[0].isdecimal() else text


def read_chinese(text: str) -> str:
    """`text` with what wetext reads wrong in words; the rest of its digits and signs are left to it."""
    text = text.replace("℃", "°C").replace("℉", "°F").translate(_WIDE).translate(_SUBSCRIPTS)
    if len(_LISTED.findall(text)) > 1:
        text = _LISTED.sub(lambda match: ("，" if match[1] is not None else "") + _CIRCLED[match[2]] + "，", text)
    text = "".join(_CIRCLED.get(c, c) for c in text)
    for pattern, say in _COMPILED:
        text = pattern.sub(say, text)
    return _SIGN_BETWEEN.sub(lambda match: _SIGNS[match[1]], text)
