"""How colours look to eyes that lack one kind of cone, and how far apart they are.

Simulation: Machado, Oliveira and Fernandes 2009, severity 1, on linear sRGB. Difference: CIEDE2000 with Lab under D65, as
Sharma, Wu and Dalal 2005 give it; about 2 is just seen side by side.
"""

from __future__ import annotations

from collections.abc import Mapping
from math import atan2, cos, degrees, exp, hypot, radians, sin, sqrt

Three = tuple[float, float, float]
Matrix = tuple[Three, Three, Three]

EYES: Mapping[str, Matrix] = {
    "usual": ((1.0, 0.0, 0.0), (0.0, 1.0, 0.0), (0.0, 0.0, 1.0)),
    "protanopia": (
        (0.152286, 1.052583, -0.204868),
        (0.114503, 0.786281, 0.099216),
        (-0.003882, -0.048116, 1.051998),
    ),
    "deuteranopia": (
        (0.367322, 0.860646, -0.227968),
        (0.280085, 0.672501, 0.047413),
        (-0.011820, 0.042940, 0.968881),
    ),
    "tritanopia": (
        (1.255528, -0.076749, -0.178779),
        (-0.078411, 0.930809, 0.147602),
        (0.004733, 0.691367, 0.303900),
    ),
}
_XYZ: Matrix = (
    (0.4124564, 0.3575761, 0.1804375),
    (0.2126729, 0.7151522, 0.0721750),
    (0.0193339, 0.1191920, 0.9503041),
)
_WHITE: Three = (0.95047, 1.0, 1.08883)


def apart(one: str, other: str, eyes: str) -> float:
    """CIEDE2000 between two colours such as "#0b7a5e" as these eyes see them."""
    return difference(_lab(_seen(one, EYES[eyes])), _lab(_seen(other, EYES[eyes])))


def difference(one: Three, other: Three) -> float:
    """CIEDE2000 between two colours in Lab."""
    (light1, a1, b1), (light2, a2, b2) = one, other
    stretch = 1 + _half((hypot(a1, b1) + hypot(a2, b2)) / 2)
    chroma1, chroma2 = hypot(a1 * stretch, b1), hypot(a2 * stretch, b2)
    hue1, hue2 = degrees(atan2(b1, a1 * stretch)) % 360, degrees(atan2(b2, a2 * stretch)) % 360
    light, chroma = (light1 + light2) / 2, (chroma1 + chroma2) / 2
    turn = (hue2 - hue1 + 180) % 360 - 180
    hue = (hue1 + turn / 2) % 360
    if not chroma1 * chroma2:
        turn, hue = 0.0, hue1 + hue2
    weight = 1 - 0.17 * _cos(hue - 30) + 0.24 * _cos(2 * hue) + 0.32 * _cos(3 * hue + 6) - 0.20 * _cos(4 * hue - 63)
    by_light = (light2 - light1) / (1 + 0.015 * (light - 50) ** 2 / sqrt(20 + (light - 50) ** 2))
    by_chroma = (chroma2 - chroma1) / (1 + 0.045 * chroma)
    by_hue = 2 * sqrt(chroma1 * chroma2) * sin(radians(turn / 2)) / (1 + 0.015 * chroma * weight)
    blue = sin(radians(60 * exp(-(((hue - 275) / 25) ** 2)))) * 2 * sqrt(chroma**7 / (chroma**7 + 25.0**7))
    return sqrt(by_light**2 + by_chroma**2 + by_hue**2 - blue * by_chroma * by_hue)


def _half(chroma: float) -> float:
    return 0.5 * (1 - sqrt(chroma**7 / (chroma**7 + 25.0**7)))


def _cos(angle: float) -> float:
    return cos(radians(angle))


def _seen(colour: str, eyes: Matrix) -> Three:
    red, green, blue = (_linear(int(colour[place : place + 2], 16) / 255) for place in (1, 3, 5))
    return _times(eyes, (red, green, blue), least=0.0, most=1.0)


def _linear(part: float) -> float:
    return part / 12.92 if part <= 0.04045 else float(((part + 0.055) / 1.055) ** 2.4)


def _times(matrix: Matrix, by: Three, *, least: float = float("-inf"), most: float = float("inf")) -> Three:
    one, two, three = (min(most, max(least, sum(a * b for a, b in zip(row, by, strict=True)))) for row in matrix)
    return one, two, three


def _lab(rgb: Three) -> Three:
    x, y, z = (_root(part / white) for part, white in zip(_times(_XYZ, rgb), _WHITE, strict=True))
    return 116 * y - 16, 500 * (x - y), 200 * (y - z)


def _root(part: float) -> float:
    return float(part ** (1 / 3)) if part > 216 / 24389 else (24389 / 27 * part + 16) / 116
