import { describe, expect, it } from "vitest";
import { distance, MOST_COLUMNS, MOST_ROWS, viewOf } from "../../src/report/verification/view.ts";

const sizeOf = (shape: readonly number[]): number => shape.reduce((a, b) => a * b, 1);

const tensors: readonly (readonly [name: string, shape: readonly number[]])[] = [
  ["taps/blocks.0.attn.probs", [2, 3, 5, 5]],
  ["taps/blocks.0.attn.probs", [1, 2, 197, 197]],
  ["cotangents/blocks.1.attn.qkv", [2, 9, 24]],
  ["taps/head", [3, 1000]],
  ["grads/blocks.0.mlp.fc1.weight", [300, 70]],
  ["grads/patch_embed.proj.weight", [12, 3, 4, 4]],
  ["grads/images", [2, 3, 8, 8]],
  ["grads/pos_embed", [1, 10, 12]],
  ["after/1/cls_token", [1, 1, 768]],
  ["grads/norm.bias", [13]],
  ["grads/head.bias", [1]],
];

describe("the view of a tensor", () => {
  it.each(tensors)("of %s %j holds the worst element, and no difference is larger than that of its cell", (name, shape) => {
    const count = sizeOf(shape);
    const gaps = Float64Array.from({ length: count }, (_, i) => ((i * 7919) % 1009) / 1009);
    for (const worst of [0, Math.floor(count / 3), count - 1]) {
      const gapAt = (i: number): number => (i === worst ? 2 : (gaps[i] ?? NaN));
      const { rows, columns, cells, height, width } = viewOf(name, shape, worst, gapAt);
      expect(cells).toHaveLength(height * width);
      expect([height <= MOST_ROWS, width <= MOST_COLUMNS]).toEqual([true, true]);
      expect(cells.filter((at) => at === worst)).toHaveLength(1);
      const seen = cells.filter((at) => at >= 0);
      expect(new Set(seen).size).toBe(seen.length);
      const area = rows.length * columns.length;
      const offset = Math.floor(worst / area) * area;
      let lost = 0;
      for (let r = 0; r < rows.length; r++)
        for (let c = 0; c < columns.length; c++) {
          const at = offset + r * columns.length + c;
          if (at >= count) continue;
          const cell = cells[Math.floor((r * height) / rows.length) * width + Math.floor((c * width) / columns.length)] ?? -1;
          if (gapAt(cell) < gapAt(at)) lost++;
        }
      expect(lost).toBe(0);
    }
  });

  it("names the slice by its indices", () => {
    const { slice, sliceNames, rows, columns } = viewOf("taps/blocks.0.attn.probs", [2, 3, 5, 5], 2 * 75 - 1, () => 0);
    expect({ slice, sliceNames, rows: rows.name, columns: columns.name }).toEqual({
      slice: [1, 2],
      sliceNames: ["image", "head"],
      rows: "query",
      columns: "key",
    });
  });

  it("shows all of a small slice", () => {
    expect(viewOf("taps/head", [2, 3], 4, () => 0).cells).toEqual([0, 1, 2, 3, 4, 5]);
  });
});

describe("the distance of two numbers", () => {
  it("is infinite if they differ and one of them is not finite", () => {
    expect([distance(NaN, NaN), distance(NaN, 1), distance(Infinity, Infinity), distance(Infinity, -Infinity), distance(2, -1)]).toEqual([
      0,
      Infinity,
      0,
      Infinity,
      3,
    ]);
  });
});
