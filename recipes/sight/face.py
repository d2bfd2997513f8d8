# SPDX-License-Identifier: MIT
"""A face made by chance, and grey pictures of its mouth."""
import numpy as np
from scipy.ndimage import gaussian_filter, gaussian_filter1d, zoom

from motion import Motion, wander

SIDE = 88
STEP_S = 0.02
TEXTURE = 256


def soft(x):
    """0 to 1 about 0."""
    return np.clip(0.5 + 0.2 * x, 0, 1)


def texture(rng, grain):
    """A square of noise, coarse to fine."""
    size = int(np.ceil(TEXTURE / grain)) + 1
    made = zoom(rng.normal(0, 1, (size, size)), grain, order=1)[:TEXTURE, :TEXTURE]
    return made.astype(np.float32)


class Face:
    """What stays the same in one song."""

    def __init__(self, rng):
        u = rng.uniform
        self.skin = u(70, 205)
        self.lip = self.skin * u(0.5, 0.98) + u(-8, 12)
        self.inside = u(8, 45)
        self.teeth = u(120, 235)
        self.tongue = u(45, 130)
        self.half = u(19, 29)              # half the mouth's width, pixels
        self.upper, self.lower = u(2.5, 7.5), u(3.5, 9.5)   # lips' thickness
        self.bow = u(0, 0.5)               # dent of the upper lip
        self.corners = u(-0.15, 0.15)      # up or down
        self.reach = u(12, 24)             # how far the lower jaw goes, pixels
        self.tilt = u(-0.2, 0.2)
        self.skew = u(-0.12, 0.12)         # seen a little from the side
        self.beard = u(0.1, 0.5) if rng.random() < 0.3 else 0.0
        self.moustache = u(0.1, 0.5) if rng.random() < 0.25 else 0.0
        self.skin_grain = 0.05 * u(0.2, 1) * texture(rng, 8) + 0.03 * u(0, 1) * texture(rng, 2)
        self.hair = np.abs(texture(rng, 1.5))
        self.nose = u(-33, -24)            # where the nostrils are
        self.fold = u(0, 0.25)             # lines from the nose to the corners
        self.microphone = (u(-20, 20), u(38, 50), u(12, 18), u(15, 90)) \
            if rng.random() < 0.12 else None


class Light:
    """What light and camera do; a value a picture each."""

    def __init__(self, rng, count):
        u = rng.uniform
        angle = u(0, 2 * np.pi)
        self.x = np.cos(angle) * u(0, 0.45) + 0.05 * wander(rng, count, 1.5, STEP_S)
        self.y = np.sin(angle) * u(0, 0.35) + 0.05 * wander(rng, count, 1.5, STEP_S)
        flicker = u(0, 0.03) * np.sin(np.arange(count) * u(0.3, 3))
        self.level = u(0.6, 1.15) * (1 + 0.08 * wander(rng, count, 2.0, STEP_S) + flicker)
        if rng.random() < 0.2:             # a lamp that goes on, or a stage
            at = rng.integers(count)
            self.level[at:] *= u(0.7, 1.35)
        self.gamma = u(0.75, 1.35)
        self.shine = u(0, 40)
        self.blur = u(0.7, 1.6)
        self.noise = u(0.5, 6)


def place(rng, count):
    """Where the head is: pixels, angle and size; crops are never quite steady."""
    shake = gaussian_filter1d(rng.normal(0, rng.uniform(0, 0.5), (2, count)), 1, axis=1)
    x = rng.uniform(-4, 4) + rng.uniform(0.3, 3) * wander(rng, count, rng.uniform(0.4, 1.5), STEP_S)
    y = rng.uniform(-5, 3) + rng.uniform(0.3, 3) * wander(rng, count, rng.uniform(0.4, 1.5), STEP_S)
    turn = 0.04 * wander(rng, count, 1.0, STEP_S)
    size = 1 + 0.03 * wander(rng, count, 1.2, STEP_S)
    return x + shake[0], y + shake[1], turn, size


def column(values):
    return np.asarray(values, np.float32)[:, None, None]


def look_up(grain, x, y):
    """The texture at pixels of the face."""
    i = np.clip(y * 2 + TEXTURE / 2, 0, TEXTURE - 1).astype(np.int32)
    j = np.clip(x * 2 + TEXTURE / 2, 0, TEXTURE - 1).astype(np.int32)
    return grain[i, j]


def draw(face, motion, where, light, part):
    """Pictures part.start .. part.stop at half size, in pixels of the whole:
    float32 [pictures, SIDE / 2, SIDE / 2]."""
    x0, y0, turn, size = (column(each[part]) for each in where)
    grid = 2 * np.arange(SIDE // 2, dtype=np.float32) - (SIDE / 2 - 1)
    py, px = np.meshgrid(grid, grid, indexing="ij")
    angle = turn + np.float32(face.tilt)
    cos, sin = np.cos(angle) / size, np.sin(angle) / size
    dx, dy = px[None] - x0, py[None] - y0
    x = cos * dx + sin * dy
    y = cos * dy - sin * dx
    x = x * (1 + face.skew * x / SIDE)

    opening, width = column(motion.opening[part]), column(motion.width[part])
    rounding, teeth = column(motion.rounding[part]), column(motion.teeth[part])
    half = face.half * (1 + 0.16 * width - 0.3 * rounding - 0.05 * opening)
    u = np.clip(x / half, -1.4, 1.4)
    arch = np.clip(1 - u * u, 0, 1)
    bend = face.corners * half * u * u
    down = opening * face.reach
    round_arch = np.sqrt(arch)
    top = -0.25 * down * arch + bend                         # the opening's edges
    bottom = 0.75 * down * round_arch + bend + 0.3
    thick = 1 + 0.25 * rounding - 0.12 * np.clip(width, 0, 1)
    bow = 1 - face.bow * np.exp(-(u / 0.22) ** 2)
    upper = top - face.upper * thick * bow * round_arch * 1.3
    lower = bottom + face.lower * thick * round_arch

    jaw = y - np.clip(y / 30, 0, 1) * down * 0.6             # skin below goes with the jaw
    picture = face.skin * (1 + look_up(face.skin_grain, x, jaw))
    shade = np.exp(-((y - lower - 4) / 4) ** 2) * np.exp(-(x / 16) ** 2)
    picture *= 1 - 0.25 * shade
    nostrils = np.exp(-((np.abs(x) - 7) / 4) ** 2 - ((y - face.nose) / 3) ** 2)
    picture *= 1 - 0.6 * nostrils
    line = np.abs(x) - (half + 3 - 0.35 * (y + 6))
    picture *= 1 - face.fold * np.exp(-(line / 2.5) ** 2) * soft((6 - y) / 3)
    if face.beard:
        picture *= 1 - face.beard * look_up(face.hair, x, jaw) * soft((y - lower - 2) / 2)
    if face.moustache:
        picture *= 1 - face.moustache * look_up(face.hair, x, y) \
            * soft((upper - y) / 2) * soft((y - face.nose - 6) / 2) * soft((half - np.abs(x)) / 3)

    lips = soft((y - upper) / 0.6) * soft((lower - y) / 0.6) * soft((1 - np.abs(u)) * 12)
    gloss = np.exp(-((y - (bottom + lower) / 2 + 1) / 1.6) ** 2 - (x / 9) ** 2)
    tone = face.lip + light.shine * gloss - 10 * np.exp(-((y - top) / 1.5) ** 2)
    picture += lips * (tone - picture)

    hole = soft((y - top) / 0.6) * soft((bottom - y) / 0.6) * soft((1 - np.abs(u)) * 12) \
        * np.clip(down / 1.5, 0, 1)
    within = face.inside + 0 * picture
    row = soft((top + (1.5 + 5 * teeth) - y) / 0.7) * soft((0.8 - np.abs(u)) * 14)
    gaps = 1 - 0.12 * (np.cos(x * 1.25) > 0.85)
    within += row * np.clip(teeth * 1.6, 0, 1) * (face.teeth * gaps - within)
    tongue = np.exp(-(u / 0.6) ** 2) * soft((y - bottom + 0.35 * down) / 1.2)
    within += 0.8 * tongue * (face.tongue - within)
    within = np.where(down > 1.0, within, face.lip * 0.5)
    picture += hole * (within - picture)
    picture *= 1 - 0.35 * np.exp(-((y - (top + bottom) / 2) / 1.1) ** 2) \
        * soft((1.02 - np.abs(u)) * 14) * (1 - hole)         # the line between closed lips

    lit = column(light.level[part]) * (1 + column(light.x[part]) * x / 44
                                       + column(light.y[part]) * y / 44)
    curve = 255 * (np.arange(1024, dtype=np.float32) / 850) ** light.gamma
    picture = curve[np.clip(picture * lit * (850 / 255), 0, 1023).astype(np.int32)]
    if face.microphone:
        mx, my, radius, grey = face.microphone
        away = np.hypot(px[None] - mx - 0.5 * x0, py[None] - my - 0.5 * y0)
        picture += soft(radius - away) * (grey - picture)
    return picture.astype(np.float32)


def film(rng, motion: Motion) -> np.ndarray:
    """The whole song: uint8 [pictures, SIDE, SIDE]."""
    count = len(motion.opening)
    face, light, where = Face(rng), Light(rng, count), place(rng, count)
    made = np.empty((count, SIDE, SIDE), np.uint8)
    for start in range(0, count, 50):
        part = slice(start, min(start + 50, count))
        picture = draw(face, motion, where, light, part).repeat(2, 1).repeat(2, 2)
        picture = gaussian_filter(picture, (0, light.blur, light.blur), truncate=2)
        picture += light.noise * rng.standard_normal(picture.shape, dtype=np.float32)
        made[part] = np.clip(np.rint(picture), 0, 255)
    return made
