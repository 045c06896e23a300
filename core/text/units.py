"""Signs of money and measure, and the English words for them."""

from __future__ import annotations

CURRENCIES = {
    "$": ("dollar", "cent"), "US$": ("dollar", "cent"), "€": ("euro", "cent"), "£": ("pound", "pence"),
    "¥": ("yen", ""), "￥": ("yuan", ""), "₹": ("rupee", "paisa"), "₩": ("won", ""), "₿": ("bitcoin", ""),
    "USD": ("US dollar", "cent"), "EUR": ("euro", "cent"), "GBP": ("pound", "pence"), "JPY": ("yen", ""),
    "C$": ("Canadian dollar", "cent"), "A$": ("Australian dollar", "cent"), "HK$": ("Hong Kong dollar", "cent"),
    "CAD": ("Canadian dollar", "cent"), "AUD": ("Australian dollar", "cent"), "INR": ("rupee", "paisa"),
    "₽": ("ruble", ""), "₺": ("lira", ""), "₪": ("shekel", ""), "₴": ("hryvnia", ""), "฿": ("baht", ""),
    "₫": ("dong", ""), "CNY": ("yuan", ""), "RMB": ("yuan", ""), "CHF": ("Swiss franc", "centime"),
}  # fmt: skip
NO_PLURAL = frozenset(
    ("yen", "yuan", "won", "baht", "dong", "pence", "hertz", "kilohertz", "megahertz", "gigahertz", "psi", "rpm", "lux")
)
SCALES = {"k": "thousand", "K": "thousand", "m": "million", "M": "million", "mn": "million", "bn": "billion",
           "B": "billion", "b": "billion", "T": "trillion", "tn": "trillion"}  # fmt: skip

# Only what cannot be anything else behind a number; "5 in" and "3 A" can.
UNITS = {
    "km": "kilometer", "cm": "centimeter", "mm": "millimeter", "m": "meter", "nm": "nanometer", "µm": "micrometer",
    "μm": "micrometer", "mi": "mile", "ft": "foot", "yd": "yard", "kg": "kilogram", "g": "gram", "mg": "milligram",
    "µg": "microgram", "μg": "microgram", "lb": "pound", "lbs": "pound", "oz": "ounce", "L": "liter", "l": "liter",
    "mL": "milliliter", "ml": "milliliter", "cl": "centiliter", "gal": "gallon", "h": "hour", "hr": "hour",
    "hrs": "hour", "min": "minute", "mins": "minute", "s": "second", "sec": "second", "secs": "second",
    "ms": "millisecond", "kW": "kilowatt", "W": "watt", "MW": "megawatt", "GW": "gigawatt", "kWh": "kilowatt hour",
    "Wh": "watt hour", "V": "volt", "mV": "millivolt", "kV": "kilovolt", "mA": "milliamp", "mAh": "milliamp hour",
    "Ah": "amp hour", "Hz": "hertz", "kHz": "kilohertz", "MHz": "megahertz", "GHz": "gigahertz", "dB": "decibel",
    "KB": "kilobyte", "kB": "kilobyte", "MB": "megabyte", "GB": "gigabyte", "TB": "terabyte",
    "PB": "petabyte", "Mbps": "megabit per second", "Gbps": "gigabit per second", "kbps": "kilobit per second",
    "Pa": "pascal", "hPa": "hectopascal", "kPa": "kilopascal", "bar": "bar", "psi": "psi", "N": "newton", "J": "joule",
    "kJ": "kilojoule", "cal": "calorie", "kcal": "kilocalorie", "ha": "hectare", "ppm": "part per million",
    "px": "pixel", "mph": "mile per hour", "kph": "kilometer per hour", "kmh": "kilometer per hour", "rpm": "rpm",
    "fps": "frame per second", "bpm": "beat per minute", "Ω": "ohm", "lx": "lux", "lm": "lumen",
}  # fmt: skip
AFTER_SLASH = {"h": "hour", "hr": "hour", "s": "second", "sec": "second", "min": "minute", "day": "day", "d": "day",
                "week": "week", "month": "month", "year": "year", "kg": "kilogram", "l": "liter", "L": "liter",
                "m²": "square meter", "m³": "cubic meter", "km": "kilometer", "GB": "gigabyte", "kWh": "kilowatt hour",
                "m": "meter", "s²": "second squared", "person": "person", "piece": "piece"}  # fmt: skip
POWERS = {"²": "square", "³": "cubic"}
