"""Milliseconds of Pillow for the loops of run.mjs: reads their sizes from stdin, prints {loop: milliseconds}."""
import json
import sys
import time

import numpy as np
from PIL import Image, ImageFilter

given = json.load(sys.stdin)
side = given["side"]
width, height = given["photograph"]["width"], given["photograph"]["height"]
x, y, c = np.arange(width)[None, :, None], np.arange(height)[:, None, None], np.arange(3)[None, None, :]
noise = np.random.default_rng(1).random((height, width, 3))
waves = 127 + 100 * np.sin(x / 9 + c) * np.cos(y / 17) + 20 * noise
photograph = Image.fromarray(waves.astype(np.uint8))
crop = given["crop"]
box = (crop["left"], crop["top"], crop["left"] + crop["width"], crop["top"] + crop["height"])
view = photograph.crop(box).resize((side, side), Image.Resampling.BICUBIC)
grey = view.convert("L").convert("RGB")
table = [255 - v for v in range(256)] * 3


def affine(matrix):
    return view.transform((side, side), Image.Transform.AFFINE, matrix, Image.Resampling.BICUBIC, fillcolor=(124, 116, 104))


loops = {
    "crop and resize": lambda: photograph.crop(box).resize((side, side), Image.Resampling.BICUBIC),
    "affine: rotation": lambda: affine(given["rotation"]),
    "affine: shear": lambda: affine((1, given["shear"], 0, 0, 1, 0)),
    "affine: translation": lambda: affine((1, 0, 90.72, 0, 1, 0)),
    "lookUp": lambda: view.point(table),
    "blend": lambda: Image.blend(grey, view, 1.81),
    "grey": lambda: view.convert("L").convert("RGB"),
    "smooth": lambda: view.filter(ImageFilter.SMOOTH),
    "histogram": lambda: view.histogram(),
    "flip": lambda: view.transpose(Image.Transpose.FLIP_LEFT_RIGHT),
    "planes": lambda: np.ascontiguousarray(np.asarray(view).transpose(2, 0, 1)),
}
times = {name: [] for name in loops}
for _ in range(given["runs"]):
    for name, call in loops.items():
        start = time.perf_counter()
        for _ in range(given["calls"]):
            call()
        times[name].append(1000 * (time.perf_counter() - start) / given["calls"])
print(json.dumps({name: sorted(ms)[len(ms) // 2] for name, ms in times.items()}))
