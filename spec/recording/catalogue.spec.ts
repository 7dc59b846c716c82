/** The catalogue has the variants of the recording format, section 6, and docs/verify.md lists them. */
import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { catalogue } from "../../src/recording/variants/catalogue.ts";

const pageOf = (name: string): string => readFileSync(new URL(`../../docs/${name}`, import.meta.url), "utf8");
const names = [...new Set(catalogue.map(({ name }) => name))];

const FORMAT = `
  gelu-tanh gelu-quick layernorm-eps-1e-5 layernorm-eps-1e-12 layernorm-unbiased layernorm-eps-outside-root scale-by-width scale-missing
  softmax-over-queries qkv-grouped-by-head qkv-order-kqv qkv-bias-missing residual-missing position-missing-on-prefix distillation-token-last
  patch-order-column-major patch-pixels-channel-last final-norm-missing heads-swapped head-shared pooled-by-mean fusion-softmax-sum drop-path-unscaled
  soft-divided-by-classes soft-kl-reversed soft-tau-squared-missing soft-weights-swapped smoothing-over-others smoothing-over-all
  teacher-label-smoothed hard-on-class-head hard-alpha-swapped
  layernorm-vjp-mean-dropped layernorm-vjp-projection-dropped softmax-vjp-sum-dropped gelu-vjp-factor scale-missing-in-vjp position-grad-mean batch-sum
  adamw-l2 adamw-eps-inside-root adamw-no-bias-correction decay-on-everything decay-not-on-distillation-token adamw-decay-after-step sgd-dampened
  position-missing position-added-again residual-from-norm post-norm proj-missing relu activation-missing layernorm-missing layernorm-affine-missing
  attention-causal patch-bias-missing mlp-bias-missing head-bias-missing dist-reads-class class-reads-dist heads-summed logits-of-class-head
  logits-of-dist-head
  soft-tau-once soft-teacher-untempered soft-student-untempered soft-log-missing soft-terms-unweighted hard-with-probabilities softmax-twice
  smoothing-missing
  residual-vjp-missing layernorm-vjp-gamma-missing bias-grad-mean
  decay-missing adamw-decay-without-rate nesterov-missing`;

describe("the catalogue", () => {
  it("has every variant of the format, and no others", () => {
    expect(names.toSorted()).toEqual(FORMAT.trim().split(/\s+/).toSorted());
  });

  it("agrees with the table in docs/verify.md", () => {
    const rows = [...pageOf("verify.md").matchAll(/^\| `(.*?)` \| (.*) \|$/gm)].map(([, name, text]) => `${name} | ${text}`);
    const own = catalogue.map(({ name, instead, reason, equation }) => `${name} | ${instead} | ${reason} | ${equation}`);
    expect(rows.toSorted()).toEqual([...new Set(own)].toSorted());
  });

  it("cites equations that docs/deit.md has", () => {
    const deit = pageOf("deit.md");
    const cited = catalogue.flatMap(({ equation }) => equation.split(", "));
    expect(cited.filter((number) => !/^\([EG]\d+\)$/.test(number) || !deit.includes(number))).toEqual([]);
  });
});
