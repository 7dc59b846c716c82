"""A training step of a small recipe in PyTorch, on one thread, for train_small.mjs: the same sizes, losses, drop path, optimiser and data as `deit train`.

    python3 bench/peers/train_small.py digits|digits-teacher|cifar [--optimizer fused|foreach|loop]

Needs torch, timm and safetensors. Prints the versions, then for each line on stdin, which says how many steps, one JSON object with the processor time of
each in ms. A step makes its batch (random views of images that are in memory, all of a batch at once in tensor operations), runs the
teacher where there is one, forward, loss, backward and optimiser, and reads the loss. Models are timm's, in eager mode; attention is
`scaled_dot_product_attention`; the optimiser has the authors' settings, by default in torch's fused implementation, which is its fastest here.
"""

import argparse
import json
import math
import os
import pathlib
import sys
import time

os.environ.setdefault("OMP_NUM_THREADS", "1")
import timm
import torch
import torch.nn as nn
import torch.nn.functional as F
from safetensors.torch import load_file
from timm.layers import ClassifierHead, ConvNormAct
from timm.models.deit import VisionTransformerDistilled
from timm.models.regnet import RegStage
from timm.models.vision_transformer import VisionTransformer

DIGITS = pathlib.Path(__file__).parent / "../../fixtures/digits/digits.safetensors"
TRAINING_DIGITS = 1437
CIFAR_IMAGES = 5120  # of random bytes; the time does not depend on what they show


class SmallRegnet(nn.Module):
    """The teacher of recipes/digits.toml."""

    def __init__(self):
        super().__init__()
        shared = dict(bottle_ratio=1.0, group_size=8, se_ratio=0.25, downsample="conv1x1", act_layer=nn.ReLU, norm_layer=nn.BatchNorm2d)
        self.stem = ConvNormAct(1, 8, 3, stride=2, act_layer="relu", norm_layer="batchnorm")
        self.s1 = RegStage(depth=1, in_chs=8, out_chs=16, stride=2, dilation=1, **shared)
        self.s2 = RegStage(depth=1, in_chs=16, out_chs=32, stride=2, dilation=1, **shared)
        self.head = ClassifierHead(32, 10, pool_type="avg")

    def forward(self, x):
        return self.head(self.s2(self.s1(self.stem(x))))


def epochs(count, batch):
    """Indices of batches, epoch after epoch, each in a new order."""
    while True:
        order = torch.randperm(count)
        for at in range(0, count - batch + 1, batch):
            yield order[at : at + batch]


def crop_padded(images, side, padding):
    """A window of side x side of each image [B, C, H, W], at a random place of the image with zeros around it."""
    B, C, H, W = images.shape
    padded = F.pad(images, (padding,) * 4)
    top, left = torch.randint(H + 2 * padding - side + 1, (B, 1)), torch.randint(W + 2 * padding - side + 1, (B, 1))
    reach = torch.arange(side)
    rows, columns = (top + reach)[:, None, :, None], (left + reach)[:, None, None, :]
    return padded[torch.arange(B)[:, None, None, None], torch.arange(C)[None, :, None, None], rows, columns]


def rotate(images, degrees):
    """Each image turned by up to so many degrees, linearly interpolated, zeros outside."""
    angle = (2 * torch.rand(len(images)) - 1) * degrees * math.pi / 180
    cosine, sine, zero = angle.cos(), angle.sin(), torch.zeros(len(images))
    turn = torch.stack([torch.stack([cosine, -sine, zero], 1), torch.stack([sine, cosine, zero], 1)], 1)
    return F.grid_sample(images, F.affine_grid(turn, list(images.shape), align_corners=False), align_corners=False)


def digit_batches(batch):
    file = load_file(DIGITS)
    images = (file["images"][:TRAINING_DIGITS].float() * (255 / 16)).round().to(torch.uint8)
    images = images.repeat_interleave(2, 1).repeat_interleave(2, 2)[:, None]
    labels = file["labels"][:TRAINING_DIGITS].long()
    for index in epochs(len(images), batch):
        views = crop_padded(rotate(images[index].float(), 10), 16, 1).round()
        yield (views - 255 * 0.305) / (255 * 0.376), labels[index]


def cifar_batches(batch):
    images = torch.randint(256, (CIFAR_IMAGES, 3, 32, 32), dtype=torch.uint8)
    labels = torch.randint(10, (CIFAR_IMAGES,))
    mean, std = (255 * torch.tensor(v).view(1, 3, 1, 1) for v in ([0.485, 0.456, 0.406], [0.229, 0.224, 0.225]))
    for index in epochs(len(images), batch):
        views = crop_padded(images[index], 32, 4)
        mirrored = torch.rand(batch, 1, 1, 1) < 0.5
        yield (torch.where(mirrored, views.flip(3), views).float() - mean) / std, labels[index]


def adamw(model, lr, implementation):
    """AdamW with weight decay on matrices only; the tokens and positions have none either."""
    named = list(model.named_parameters())
    plain = [p for name, p in named if p.ndim <= 1 or name in ("cls_token", "pos_embed")]
    decayed = [p for name, p in named if not (p.ndim <= 1 or name in ("cls_token", "pos_embed"))]
    groups = [dict(params=decayed, weight_decay=0.05), dict(params=plain, weight_decay=0.0)]
    how = dict(fused=dict(fused=True), foreach=dict(foreach=True), loop=dict(foreach=False))[implementation]
    return torch.optim.AdamW(groups, lr=lr, betas=(0.9, 0.999), eps=1e-8, **how)


def digits(implementation):
    student = VisionTransformerDistilled(
        img_size=16, patch_size=8, in_chans=1, num_classes=10, embed_dim=64, depth=3, num_heads=4, drop_path_rate=0.05
    )
    student.set_distilled_training(True)
    student.train()
    teacher = SmallRegnet().eval()

    def loss_of(images, labels):
        with torch.no_grad():
            decided = teacher(images).argmax(1)
        head, head_dist = student(images)
        return 0.5 * F.cross_entropy(head, labels, label_smoothing=0.1) + 0.5 * F.cross_entropy(head_dist, decided)

    return digit_batches(32), loss_of, adamw(student, 2e-3, implementation)


def digits_teacher(implementation):
    teacher = SmallRegnet().train()
    how = dict(fused=dict(fused=True), foreach=dict(foreach=True), loop=dict(foreach=False))[implementation]
    plain = [p for p in teacher.parameters() if p.ndim <= 1]
    decayed = [p for p in teacher.parameters() if p.ndim > 1]
    groups = [dict(params=decayed, weight_decay=1e-4), dict(params=plain, weight_decay=0.0)]
    sgd = torch.optim.SGD(groups, lr=0.1, momentum=0.9, nesterov=True, **how)
    return digit_batches(24), lambda images, labels: F.cross_entropy(teacher(images), labels, label_smoothing=0.1), sgd


def cifar(implementation):
    student = VisionTransformer(img_size=32, patch_size=4, num_classes=10, embed_dim=64, depth=3, num_heads=4).train()
    loss_of = lambda images, labels: F.cross_entropy(student(images), labels, label_smoothing=0.1)
    return cifar_batches(64), loss_of, adamw(student, 1e-3, implementation)


WHAT = {"digits": digits, "digits-teacher": digits_teacher, "cifar": cifar}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=WHAT)
    parser.add_argument("--optimizer", choices=["fused", "foreach", "loop"], default="fused")
    given = parser.parse_args()
    torch.set_num_threads(1)
    torch.manual_seed(0)
    batches, loss_of, optimizer = WHAT[given.what](given.optimizer)

    def step():
        images, labels = next(batches)
        loss = loss_of(images, labels)
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        optimizer.step()
        return loss.item()

    print(json.dumps(dict(torch=torch.__version__, timm=timm.__version__, cpu=torch.backends.cpu.get_cpu_capability())), flush=True)
    for line in sys.stdin:
        spent = []
        for _ in range(int(line)):
            start = time.process_time()
            step()
            spent.append(1000 * (time.process_time() - start))
        print(json.dumps(spent), flush=True)


if __name__ == "__main__":
    main()
