"""Which letters the two files of Inter have: what a bundle is read with has no fonts to ask."""

from __future__ import annotations

LATIN = (
    "20-7E A0-AC AE-FF 131 152-153 2BB-2BC 2C6 2DA 2DC 300-301 303-304 308-309 323 2002 2009 200B "
    "2013-2014 2018-201A 201C-201E 2022 2026 2032-2033 2039-203A 2044 20AC 2122 2191 2193 2212 FEFF"
)
EXTENDED = (
    "20 41 A0 C4 100-130 132-148 14A-151 154-1C3 1C5-254 256-27B 27E-284 286-290 292-2A4 2A6-2BA "
    "2BC-2C5 2C7-2CC 2CE-2D7 2DD-301 303-304 308-309 323 1D00 1D0D 1D1B 1D43 1D47-1D49 1D4D "
    "1D4F-1D50 1D52 1D56-1D58 1D5B 1D62-1D65 1D9C 1DA0 1DBB 1DBF 1E00-1E9B 1E9D-1E9F 1EF2-1EFF "
    "2020 20A0-20AB 20AD-20AF 20B1-20B5 20B8-20BA 20BC-20BF 2113 2C7C 2C7F A7FF"
)


def _letters(ranges: str) -> frozenset[str]:
    ends = (part.partition("-") for part in ranges.split())
    spans = ((int(low, 16), int(high or low, 16)) for low, _, high in ends)
    return frozenset(chr(code) for low, high in spans for code in range(low, high + 1))


IN_LATIN, IN_EXTENDED = _letters(LATIN), _letters(EXTENDED)
