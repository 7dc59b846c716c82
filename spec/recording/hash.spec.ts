/** Values that the producer of the recordings states (fixtures/recordings/README.md). */
import { describe, expect, it } from "vitest";
import { hashed, hashKey } from "../../src/recording/format/hash.ts";

describe("values generated from a seed equal those of record.py", () => {
  it.each([
    ["cls_token", 7, 2512044961, [1, 1, 3], [0.028730981051921844, -0.029026446864008904, -0.029197605326771736]],
    ["images", 8, 2624321117, [1, 1, 1, 3], [-0.4911876320838928, -0.9138847589492798, -1.83637237548828125]],
  ])("%s, seed %i", (name, seed, key, shape, values) => {
    expect([hashKey(name, seed), ...hashed(name, shape, seed).data]).toEqual([key, ...values]);
  });
});

describe("each kind of tensor has its centre and radius", () => {
  it.each([
    ["blocks.3.norm2.weight", [4000], 1, 0.1],
    ["norm.weight", [4000], 1, 0.1],
    ["norm.bias", [4000], 0, 0.05],
    ["pos_embed", [1, 40, 100], 0, 0.05],
    ["patch_embed.proj.weight", [40, 1, 10, 10], 0, 0.06],
    ["blocks.0.mlp.fc2.weight", [333, 12], 0, 0.5],
  ])("%s", (name, shape, centre, radius) => {
    const { data } = hashed(name, shape, 1);
    const reach = Math.max(...data.map((x) => Math.abs(x - centre)));
    expect(reach / radius).toBeGreaterThan(0.99);
    expect(reach / radius).toBeLessThanOrEqual(1 + 2 ** -20); // rounded to f32
  });
});
