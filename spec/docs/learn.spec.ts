/** docs/learn.md leads through the code: its links point to the lines of the declarations that they name. */
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";

const root = join(import.meta.dirname, "../..");
const page = readFileSync(join(root, "docs/learn.md"), "utf8");

/** The reading path, by files. */
const path = `
  ops/patches model/patchEmbed ops/tokens ops/position model/embed ops/layerNorm
  ops/linear ops/splitHeads ops/softmax ops/attention model/selfAttention ops/gelu
  model/mlp ops/residual model/block model/encoder model/deit model/heads
  ops/logSoftmax losses/crossEntropy losses/softDistillation losses/hardDistillation train/step/objective train/step/step
  train/step/mixedBatch data/augment/view data/loader/control
`
  .trim()
  .split(/\s+/);

describe("docs/learn.md", () => {
  it("links to the lines of the declarations that it names", () => {
    const { status, stdout } = spawnSync(process.execPath, ["spec/docs/anchors.mjs", "--check"], { cwd: root, encoding: "utf8" });
    expect(stdout).toBe("");
    expect(status).toBe(0);
  });

  it("leads from the images to the loss and the step, in the order in which the code runs, then to the making of batches", () => {
    const linked = [...page.matchAll(/\[`\w+`\]\(\.\.\/src\/([\w/]+)\.ts#L\d+\)/g)].map(([, file = ""]) => file);
    expect([...new Set(linked)].filter((file) => path.includes(file))).toEqual(path);
  });

  it.each(["k", "saved", "Layer", "parts", "inline", "regions"])("explains %s", (word) => {
    expect(page).toMatch(new RegExp(`\\*\\*\`?${word}\`?\\*\\*`));
  });
});
