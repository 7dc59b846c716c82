"""Processes images with Pillow for spec/data/images/pillow.spec.ts: prints the version, or writes the result of each case.

    python pillow.py version
    python pillow.py resize SEED COUNT OUT     OUT.json: sizes; OUT.bin: the image and the result of each case, RGB bytes
    python pillow.py crop FOLDER SEED COUNT    FOLDER/N.png or .jpg or .webp and N.json: size, convention and the crop's SHA-256
"""
import hashlib, json, sys
import numpy as np
import PIL
from PIL import Image


def image_of(r, width, height):
    """Noise, a flat colour with one odd pixel, or a smooth ramp; each reveals different mistakes."""
    kind = r.integers(3)
    if kind == 0:
        return r.integers(0, 256, (height, width, 3)).astype(np.uint8)
    if kind == 1:
        flat = np.full((height, width, 3), r.integers(0, 256, 3), dtype=np.uint8)
        flat[r.integers(height), r.integers(width)] = r.choice([0, 255], 3)
        return flat
    y, x = np.mgrid[0:height, 0:width]
    return np.stack([(x * a + y * b + c) % 256 for a, b, c in r.integers(0, 40, (3, 3))], -1).astype(np.uint8)


def side_of(r):
    return int(r.choice([1, 2, 3, r.integers(1, 40), r.integers(40, 160), r.integers(1, 400)]))


def resize(seed, count, out):
    r = np.random.default_rng(seed)
    cases = []
    with open(f"{out}.bin", "wb") as file:
        for _ in range(count):
            (w, h), (W, H) = (side_of(r), side_of(r)), (side_of(r), side_of(r))
            image = image_of(r, w, h)
            file.write(image.tobytes())
            file.write(np.asarray(Image.fromarray(image).resize((W, H), Image.BICUBIC)).tobytes())
            cases.append([w, h, W, H])
    with open(f"{out}.json", "w") as file:
        json.dump(cases, file)


def crop_of(image, S, convention):
    w, h = image.size
    if convention == "deit" and S <= 32 and (w, h) == (S, S):
        return image
    side = int(S / {"deit": 0.875, "timm": 0.9, "timm-384": 1, "hf": 0.875}[convention])
    if convention == "hf":
        w = h = side
    else:
        w, h = (side, int(side * h / w)) if w <= h else (int(side * w / h), side)
    left, top = ((w - S) // 2, (h - S) // 2) if convention == "hf" else (round((w - S) / 2), round((h - S) / 2))
    return image.resize((w, h), Image.BICUBIC).crop((left, top, left + S, top + S))


def crop(folder, seed, count):
    r = np.random.default_rng(seed)
    for n in range(count):
        image = Image.fromarray(image_of(r, int(r.integers(1, 300)), int(r.integers(1, 300))))
        image = image.convert(r.choice(["RGB", "L", "P", "CMYK", "RGBA", "LA", "1"]))
        ending, settings = ("jpg", {"quality": int(r.integers(20, 100)), "progressive": bool(r.integers(2))}) if image.mode in ("RGB", "L", "CMYK") else ("png", {})
        if image.mode in ("RGB", "RGBA") and r.integers(2):
            ending, settings = "webp", {"quality": 80}
        path = f"{folder}/{n}.{ending}"
        image.save(path, **settings)
        S, convention = int(r.choice([16, 32, 48, 80, 112, 224])), str(r.choice(["deit", "timm", "timm-384", "hf"]))
        pixels = np.asarray(crop_of(Image.open(path).convert("RGB"), S, convention))
        with open(f"{folder}/{n}.json", "w") as file:
            json.dump({"path": path, "size": S, "convention": convention, "digest": hashlib.sha256(pixels.tobytes()).hexdigest()}, file)


task, *arguments = sys.argv[1:]
if task == "version":
    print(PIL.__version__)
elif task == "resize":
    resize(int(arguments[0]), int(arguments[1]), arguments[2])
else:
    crop(arguments[0], int(arguments[1]), int(arguments[2]))
