import { describe, expect, it } from "vitest";
import { modelNamed } from "../../src/cli/inputs/models.ts";
import { summaryOf, type Summary, type SummaryRow } from "../../src/cli/plan.ts";
import { deitHere, jsonHere } from "./inProcess.ts";

/** deit.md 4.1 and 8.1: name, side, tokens, parameters, and GMACs with the digits printed there (empty if not printed). */
const printed: readonly (readonly [name: string, side: number, tokens: number | null, parameters: number, gmacs: string])[] = [
  ["deit-tiny", 224, 197, 5_717_416, "1.254"],
  ["deit-small", 224, 197, 22_050_664, "4.599"],
  ["deit-base", 224, 197, 86_567_656, "17.564"],
  ["deit-base", 384, 577, 86_859_496, "55.484"],
  ["deit-tiny-distilled", 224, 198, 5_910_800, "1.261"],
  ["deit-small-distilled", 224, 198, 22_436_432, "4.624"],
  ["deit-base-distilled", 224, 198, 87_338_192, "17.657"],
  ["deit-base-distilled", 384, 578, 87_630_032, "55.591"],
  ["deit-tiny", 384, 577, 5_790_376, "4.682"],
  ["deit-tiny-distilled", 384, 578, 5_983_760, "4.693"],
  ["deit-small", 384, 577, 22_196_584, "15.490"],
  ["deit-small-distilled", 384, 578, 22_582_352, "15.523"],
  ["regnety-4gf", 224, null, 20_646_656, ""],
  ["regnety-8gf", 224, null, 39_180_068, ""],
  ["regnety-12gf", 224, null, 51_822_544, ""],
  ["regnety-16gf", 224, null, 83_590_140, "15.91"],
];

const sum = (rows: readonly SummaryRow[], of: (row: SummaryRow) => number): number => rows.reduce((total, row) => total + of(row), 0);
const digitsOf = (text: string): number => text.split(".")[1]?.length ?? 0;
const summary = (name: string, side?: number, batch = 1): Summary => summaryOf(modelNamed(name, side), batch);

describe("summary", () => {
  it.each(printed)("%s at %i has the tokens, parameters and MACs of the specification", (name, side, tokens, parameters, gmacs) => {
    const found = summary(name, side);
    expect(found).toMatchObject({ tokens, parameters });
    expect(gmacs === "" ? "" : (found.macs / 1e9).toFixed(digitsOf(gmacs))).toBe(gmacs);
  });

  it("counts exactly (E28), (E29)", () => {
    const [N, T, D, L, K, heads] = [196, 198, 192, 12, 1000, 2];
    expect(summary("deit-tiny-distilled").macs).toBe(N * 768 * D + L * (12 * T * D ** 2 + 2 * T ** 2 * D) + heads * D * K);
  });

  it("accepts timm's names", () => {
    expect(summary("deit_base_distilled_patch16_384")).toEqual(summary("deit-base-distilled", 384));
    expect(summary("regnety_160")).toEqual(summary("regnety-16gf"));
  });

  it("has one row a module, and together the rows have all parameters and MACs", () => {
    const { rows, parameters, macs } = summary("deit-small-distilled");
    const block = (i: number): readonly string[] => ["norm1", "attn", "norm2", "mlp"].map((part) => `blocks.${i}.${part}`);
    const paths = ["patch_embed", "embed", ...Array.from({ length: 12 }, (_, i) => block(i)).flat(), "norm", "head", "head_dist"];
    expect(rows.map(({ path }) => path)).toEqual(paths);
    expect([sum(rows, (r) => r.parameters), sum(rows, (r) => r.macs)]).toEqual([parameters, macs]);
  });

  it("has the rows of RegNetY's blocks", () => {
    const { rows, parameters, macs } = summary("regnety-4gf");
    expect(rows.slice(0, 6).map(({ path }) => path)).toEqual([
      "stem",
      "s1.b1.conv1",
      "s1.b1.conv2",
      "s1.b1.se",
      "s1.b1.conv3",
      "s1.b1.downsample",
    ]);
    expect([sum(rows, (r) => r.parameters), sum(rows, (r) => r.macs)]).toEqual([parameters, macs]);
  });

  it("shows what each forward saves: for layer norm, x̂ and r", () => {
    const [B, T, D] = [4, 198, 192];
    const row = summary("deit-tiny-distilled", 224, B).rows.find(({ path }) => path === "blocks.3.norm1");
    expect(row).toEqual({ path: "blocks.3.norm1", parameters: 2 * D, macs: 0, shape: [B, T, D], savedBytes: 4 * B * T * (D + 1) });
  });

  it("needs memory for at least weights, two moments and gradients, and more for a larger batch; the MACs an image stay the same", () => {
    const [one, eight] = [summary("deit-tiny", 224, 1), summary("deit-tiny", 224, 8)];
    expect(one.trainBytes).toBeGreaterThan(4 * 4 * one.parameters);
    expect(eight.trainBytes).toBeGreaterThan(2 * one.trainBytes);
    expect(eight.macs).toBe(one.macs);
  });
});

describe("deit summary", () => {
  it("prints the contract's JSON", async () => {
    const found = await jsonHere("summary", "deit-base-distilled", "--image-size", "384");
    expect(found).toMatchObject({ parameters: 87_630_032, macs: 55_591_342_080, tokens: 578 });
    expect(Object.keys(Object(found))).toEqual(["parameters", "macs", "tokens", "trainBytes", "rows"]);
    const [row] = Array.isArray(Reflect.get(Object(found), "rows")) ? Reflect.get(Object(found), "rows") : [];
    expect(row).toEqual({
      path: "patch_embed",
      parameters: 768 * 768 + 768,
      macs: 576 * 768 * 768,
      shape: [1, 576, 768],
      savedBytes: 4 * 576 * 768,
    });
  });

  it("prints a table with totals", async () => {
    const { status, stdout, stderr } = await deitHere("summary", "deit-tiny");
    expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
    expect(stdout).toMatch(/^module +parameters +MACs an image +output +saved\n/);
    expect(stdout).toMatch(/\ntotal +5,717,416 +1,253,683,200 /);
  });
});
