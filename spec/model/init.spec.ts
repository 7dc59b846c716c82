/** Initial values one by one: each depends only on key, name and index, not on shape and neighbours. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { checkedConfig, deitConfig } from "../../src/model/config.ts";
import { initialValues } from "../../src/model/init.ts";
import { fold, keyOf, normalAt, uniform53At } from "../../src/tensor/key.ts";

const key = fc.maxSafeNat().map(keyOf);
const shape = fc.array(fc.integer({ min: 1, max: 7 }), { minLength: 1, maxLength: 4 });
const place = fc.nat();

/** Index and value of number `i` of a tensor, modulo its length. */
const valueAt = (values: Float64Array, i: number): readonly [at: number, value: number | undefined] => [
  i % values.length,
  values[i % values.length],
];

describe("number i of a parameter", () => {
  const config = deitConfig("deit-tiny-distilled");
  const names = (...all: readonly string[]): fc.Arbitrary<string> => fc.constantFrom(...all);

  it("is 0.02 times the normal draw i of the key folded by its name, for weights, tokens and positions", () => {
    const drawn = names("cls_token", "dist_token", "pos_embed", "blocks.3.attn.qkv.weight", "blocks.10.mlp.fc2.weight", "head.weight");
    fc.assert(
      fc.property(key, drawn, shape, place, (k, name, axes, place) => {
        const [i, value] = valueAt(initialValues(config, k, name, axes), place);
        expect(value).toBe(0.02 * normalAt(fold(k, name), i));
      }),
    );
  });

  it("is uniform draw i on ±1/√(C·p²), for the patch projection and its bias", () => {
    const sizes = fc.record({ channels: fc.integer({ min: 1, max: 4 }), patchSize: fc.integer({ min: 1, max: 16 }) });
    fc.assert(
      fc.property(key, names("patch_embed.proj.weight", "patch_embed.proj.bias"), sizes, shape, place, (k, name, sizes, axes, place) => {
        const own = checkedConfig({ ...config, ...sizes, imageSize: 2 * sizes.patchSize });
        const [i, value] = valueAt(initialValues(own, k, name, axes), place);
        expect(value).toBe((1 / Math.sqrt(sizes.channels * sizes.patchSize ** 2)) * (2 * uniform53At(fold(k, name), i) - 1));
      }),
    );
  });

  it.each([
    [0, ["blocks.0.attn.qkv.bias", "blocks.0.norm1.bias", "norm.bias", "head_dist.bias"]],
    [1, ["blocks.0.norm1.weight", "blocks.11.norm2.weight", "norm.weight"]],
  ])("is %i, for %j", (constant, all) => {
    fc.assert(
      fc.property(key, names(...all), shape, (k, name, axes) => {
        expect(initialValues(config, k, name, axes).every((x) => x === constant)).toBe(true);
      }),
    );
  });
});
