#!/usr/bin/env python3
"""Times timm's training transform on Pillow, on one thread, over photographs: what the loader of this project is compared with.

    python loader.py PHOTOGRAPHS [--size 224]

PHOTOGRAPHS is a folder, searched for .jpg, .jpeg and .png files in all its sub-folders. The transform is DeiT's (deit.md 7.6): random resized
crop with bicubic interpolation, flip, rand-m9-mstd0.5-inc1, tensor, normalisation, random erasing with probability 0.25. Every line on
standard input makes one pass over all photographs and prints one line of JSON, in ms an image:
{ "images", "total", "decode", "crop", "augment", "tensor" } (crop includes the flip, tensor the normalisation and erasing).
"""
import argparse
import io
import json
import os
import random
import sys
import time

os.environ.setdefault("OMP_NUM_THREADS", "1")
import numpy as np
import PIL
import timm
import torch
from PIL import Image
import timm.data.auto_augment as auto_augment
from timm.data import create_transform

POSTERIZE = auto_augment.ImageOps.posterize
# Pillow 13 refuses 0 bits, which 2.3 % of the draws of PosterizeIncreasing ask for; earlier versions make the image black.
auto_augment.ImageOps.posterize = lambda image, bits: POSTERIZE(image, bits) if bits > 0 else Image.new(image.mode, image.size)

ENDINGS = (".jpg", ".jpeg", ".png")


def files_in(folder):
    found = [os.path.join(path, name) for path, _, names in os.walk(folder) for name in names if name.lower().endswith(ENDINGS)]
    return sorted(found)


def one_pass(paths, stages):
    primary, secondary, final = stages
    spent = [0.0] * 4
    for path in paths:
        marks = [time.perf_counter()]
        with open(path, "rb") as file:
            image = Image.open(io.BytesIO(file.read())).convert("RGB")
        marks.append(time.perf_counter())
        image = primary(image)
        marks.append(time.perf_counter())
        image = secondary(image)
        marks.append(time.perf_counter())
        final(image)
        marks.append(time.perf_counter())
        spent = [total + 1000 * (end - start) for total, start, end in zip(spent, marks, marks[1:])]
    each = [total / len(paths) for total in spent]
    return dict(images=len(paths), total=sum(each), **dict(zip(("decode", "crop", "augment", "tensor"), each)))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("photographs")
    parser.add_argument("--size", type=int, default=224)
    given = parser.parse_args()
    torch.set_num_threads(1)
    for seed in (random.seed, np.random.seed, torch.manual_seed):
        seed(0)
    stages = create_transform(
        given.size, is_training=True, color_jitter=0.3, auto_augment="rand-m9-mstd0.5-inc1", interpolation="bicubic",
        re_prob=0.25, re_mode="pixel", re_count=1, separate=True,
    )
    paths = files_in(given.photographs)
    if not paths:
        sys.exit(f"loader.py: {given.photographs} has no photographs")
    print(json.dumps(dict(timm=timm.__version__, pillow=PIL.__version__, torch=torch.__version__)), flush=True)
    for _ in sys.stdin:
        print(json.dumps(one_pass(paths, stages)), flush=True)


if __name__ == "__main__":
    main()
