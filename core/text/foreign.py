"""Languages that have no reader of their own: their digits are left to the model, signs and units get words."""

from __future__ import annotations

import re

# Words behind a number, and signs between words, by language.
_UNITS = {
    "fr": {"°C": "degrés Celsius", "°": "degrés", "%": "pour cent", "km/h": "kilomètres par heure", "km": "kilomètres",
           "m²": "mètres carrés", "m": "mètres", "cm": "centimètres", "kg": "kilogrammes", "€": "euros", "$": "dollars",
           "kWh": "kilowattheures", "W": "watts", "min": "minutes"},
    "es": {"°C": "grados Celsius", "°": "grados", "%": "por ciento", "km/h": "kilómetros por hora", "km": "kilómetros",
           "m²": "metros cuadrados", "m": "metros", "cm": "centímetros", "kg": "kilogramos", "€": "euros",
           "$": "dólares", "kWh": "kilovatios hora", "W": "vatios", "min": "minutos"},
    "it": {"°C": "gradi Celsius", "°": "gradi", "%": "per cento", "km/h": "chilometri all'ora", "km": "chilometri",
           "m²": "metri quadrati", "m": "metri", "cm": "centimetri", "kg": "chilogrammi", "€": "euro", "$": "dollari",
           "kWh": "chilowattora", "W": "watt", "min": "minuti"},
    "ko": {"°C": "도", "°": "도", "%": "퍼센트", "km/h": "킬로미터 매 시", "km": "킬로미터", "cm": "센티미터",
           "mm": "밀리미터", "m²": "제곱미터", "m": "미터", "kg": "킬로그램", "g": "그램",
           "kWh": "킬로와트시", "W": "와트",
           "₩": "원", "$": "달러", "€": "유로"},
}  # fmt: skip
_AND = {"fr": " et ", "es": " y ", "it": " e ", "ko": " 앤드 "}
_MINUS = {"fr": "moins ", "es": "menos ", "it": "meno ", "ko": "영하 "}
_CURRENCIES = "$€£¥￥₩"


def read_foreign(text: str, language: str) -> str:
    """`text` with units, money, percent and minus signs in words of "fr", "es", "it", "ko"."""
    units = _UNITS.get(language)
    if units is None:
        return text
    text = text.replace("℃", "°C").replace("％", "%")
    unit = "|".join(map(re.escape, sorted(units, key=len, reverse=True)))
    gap = "" if language == "ko" else " "
    text = re.sub(r"(?<![\w.,)])[-−](?=\d[\d.,]*\s?°)", lambda _: _MINUS[language], text)
    text = re.sub(
        rf"([{_CURRENCIES}])\s?(\d[\d.,]*\d|\d)",
        lambda m: f"{m[2]}{gap}{units[m[1]]}" if m[1] in units else m[0],
        text,
    )
    text = re.sub(rf"(?<=\d)\s?({unit})(?![A-Za-z0-9²³/])", lambda m: gap + units[m[1]], text)
    return re.sub(r"\s*&\s*", _AND[language], text)
