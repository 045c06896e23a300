"""Signs of money and measure, and the German words for them: for one, and for several."""

from __future__ import annotations

CURRENCIES = {
    "€": ("Euro", "Cent"), "EUR": ("Euro", "Cent"), "$": ("Dollar", "Cent"), "US$": ("US-Dollar", "Cent"),
    "USD": ("US-Dollar", "Cent"), "£": ("Pfund", "Pence"), "GBP": ("Pfund", "Pence"), "CHF": ("Franken", "Rappen"),
    "Fr.": ("Franken", "Rappen"), "¥": ("Yen", ""), "￥": ("Yen", ""), "₺": ("Lira", ""),
}  # fmt: skip
# What has one form for all numbers; the rest is feminine.
UNITS = {
    "°C": "Grad Celsius", "°F": "Grad Fahrenheit", "K": "Kelvin", "°": "Grad", "%": "Prozent", "‰": "Promille",
    "km": "Kilometer", "m": "Meter", "cm": "Zentimeter", "mm": "Millimeter", "µm": "Mikrometer", "μm": "Mikrometer",
    "nm": "Nanometer", "m²": "Quadratmeter", "km²": "Quadratkilometer", "cm²": "Quadratzentimeter",
    "m³": "Kubikmeter", "kg": "Kilogramm", "g": "Gramm", "mg": "Milligramm", "µg": "Mikrogramm", "μg": "Mikrogramm",
    "l": "Liter", "L": "Liter", "ml": "Milliliter", "cl": "Zentiliter", "dl": "Deziliter", "hl": "Hektoliter",
    "W": "Watt", "kW": "Kilowatt", "MW": "Megawatt", "GW": "Gigawatt", "kWp": "Kilowatt Peak", "VA": "Voltampere",
    "V": "Volt", "mV": "Millivolt", "kV": "Kilovolt", "A": "Ampere", "mA": "Milliampere", "Hz": "Hertz",
    "kHz": "Kilohertz", "MHz": "Megahertz", "GHz": "Gigahertz", "dB": "Dezibel", "dBm": "Dezibel Milliwatt",
    "Pa": "Pascal", "hPa": "Hektopascal", "kPa": "Kilopascal", "mbar": "Millibar", "bar": "Bar", "N": "Newton",
    "J": "Joule", "kJ": "Kilojoule", "kcal": "Kilokalorien", "lx": "Lux", "lm": "Lumen", "Ω": "Ohm", "ppm": "ppm",
    "KB": "Kilobyte", "kB": "Kilobyte", "MB": "Megabyte", "GB": "Gigabyte", "TB": "Terabyte", "Mbit": "Megabit",
    "Gbit": "Gigabit", "px": "Pixel", "ha": "Hektar", "ct": "Cent", "Ct": "Cent", "¢": "Cent", "PS": "PS",
    "EL": "Esslöffel", "TL": "Teelöffel",
}  # fmt: skip
FEMININE = {
    "kWh": ("Kilowattstunde", "Kilowattstunden"), "Wh": ("Wattstunde", "Wattstunden"),
    "MWh": ("Megawattstunde", "Megawattstunden"), "Ah": ("Amperestunde", "Amperestunden"),
    "mAh": ("Milliamperestunde", "Milliamperestunden"), "h": ("Stunde", "Stunden"), "Std.": ("Stunde", "Stunden"),
    "Std": ("Stunde", "Stunden"), "min": ("Minute", "Minuten"), "Min.": ("Minute", "Minuten"),
    "Min": ("Minute", "Minuten"), "s": ("Sekunde", "Sekunden"), "Sek.": ("Sekunde", "Sekunden"),
    "ms": ("Millisekunde", "Millisekunden"), "t": ("Tonne", "Tonnen"),
}  # fmt: skip
AFTER_SLASH = {"h": "Stunde", "s": "Sekunde", "min": "Minute", "d": "Tag", "Tag": "Tag", "Monat": "Monat",
               "Woche": "Woche", "Jahr": "Jahr", "kWh": "Kilowattstunde", "m²": "Quadratmeter", "m³": "Kubikmeter",
               "km": "Kilometer", "kg": "Kilogramm", "l": "Liter", "L": "Liter", "100 km": "hundert Kilometer",
               "100km": "hundert Kilometer", "s²": "Quadratsekunde", "m": "Meter"}  # fmt: skip
MONTHS = (
    *("Januar", "Februar", "März", "April", "Mai", "Juni", "Juli"),
    *("August", "September", "Oktober", "November", "Dezember"),
)
WEEKDAYS = {"Mo": "Montag", "Di": "Dienstag", "Mi": "Mittwoch", "Do": "Donnerstag", "Fr": "Freitag", "Sa": "Samstag",
            "So": "Sonntag"}  # fmt: skip
ABBREVIATIONS = {
    "z. B.": "zum Beispiel", "z.B.": "zum Beispiel", "d. h.": "das heißt", "d.h.": "das heißt",
    "u. a.": "unter anderem", "u.a.": "unter anderem", "o. Ä.": "oder Ähnliches", "o.Ä.": "oder Ähnliches",
    "i. d. R.": "in der Regel", "usw.": "und so weiter", "etc.": "et cetera", "bzw.": "beziehungsweise",
    "ca.": "circa", "evtl.": "eventuell", "ggf.": "gegebenenfalls", "inkl.": "inklusive", "exkl.": "exklusive",
    "zzgl.": "zuzüglich", "Dr.": "Doktor", "Prof.": "Professor", "Hr.": "Herr", "Fr.": "Frau", "Tel.": "Telefon",
    "St.": "Sankt", "Nr.": "Nummer", "Abs.": "Absatz", "vs.": "gegen", "max.": "maximal", "mind.": "mindestens",
}  # fmt: skip
