/** The smallest recipe file with a teacher and a distilled student: 3 steps an epoch, a few milliseconds each. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";

export const tinyToml = `
seed = 3

[data]
train = "synthetic:13"
test = "synthetic:7"
mean = [0.5]
std = [0.25]
padding = 1
repeats = 1
policy = "none"
colour_jitter = 0
erasing = 0

[mixing]
mixup = 0
cutmix = 0

[model]
image_size = 4
patch_size = 2
channels = 1
width = 8
depth = 2
heads = 2
mlp_ratio = 2
classes = 3
distilled = true

[training]
batch = 4
epochs = 2
lr = 1e-2
warmup_epochs = 1
ema_decay = 0.9

[distillation]
kind = "hard"

[teacher.model]
stem = 4
widths = [4]
depths = [1]
group_width = 2

[teacher.training]
batch = 4
epochs = 1
lr = 5e-2
warmup_epochs = 0
`;

/** Writes the recipe as tiny.toml. Returns its path. */
export function tinyRecipe(folder: string): string {
  const path = join(folder, "tiny.toml");
  writeFileSync(path, tinyToml);
  return path;
}
