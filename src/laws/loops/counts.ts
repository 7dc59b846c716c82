/**
 * Closed forms for the size of a model. The number of heads is 1 for a plain model, 2 for a distilled one.
 *
 *   (E28)  params = 144 D² + D(156 + 768 + 1 + P + T + 2) + heads·(D K + K)             for L = 12, 3p² = 768, M = 4D
 *          per block: 12 D² + 13 D
 *   (E29)  MACs = N·768·D + L(12 T D² + 2 T² D) + heads·D·K                             an image, for 3p² = 768, M = 4D
 */
import type { DeitConfig } from "../../model/config.ts";

/** The quantities in the formulas: N = (S/p)², P, T = N + P, the number of heads, and C·p², the numbers of a patch. */
function letters({ imageSize: S, patchSize: p, channels: C, distilled }: DeitConfig): {
  readonly N: number;
  readonly P: number;
  readonly T: number;
  readonly heads: number;
  readonly patch: number;
} {
  const N = (S / p) * (S / p);
  const P = distilled ? 2 : 1;
  return { N, P, T: N + P, heads: P, patch: C * p * p };
}

/** (E28), as printed. */
export function printedParameterCount(config: DeitConfig): number {
  const { width: D, classes: K } = config;
  const { P, T, heads } = letters(config);
  return 144 * D * D + D * (156 + 768 + 1 + P + T + 2) + heads * (D * K + K);
}

/** One block: qkv 3D² + 3D, proj D² + D, fc1 D·M + M, fc2 M·D + D, two layer norms 4D. */
export const blockParameterCount = ({ width: D, mlpRatio }: DeitConfig): number =>
  3 * D * D + 3 * D + (D * D + D) + (D * D * mlpRatio + D * mlpRatio) + (D * mlpRatio * D + D) + 4 * D;

/** (E28) for any depth, patch and MLP; fixed positions are not parameters. */
export function parameterCount(config: DeitConfig): number {
  const { width: D, classes: K, depth: L, position } = config;
  const { P, T, heads, patch } = letters(config);
  return L * blockParameterCount(config) + D * (patch + 1 + P + (position === "learned" ? T : 0) + 2) + heads * (D * K + K);
}

/** (E29) of one image for any depth, patch and MLP: qkv 3TD², scores and context T²D each, proj TD², the MLP 2TDM. */
export function macs(config: DeitConfig): number {
  const { width: D, classes: K, depth: L, mlpRatio } = config;
  const { N, T, heads, patch } = letters(config);
  return N * patch * D + L * ((4 + 2 * mlpRatio) * T * D * D + 2 * T * T * D) + heads * D * K;
}

/** One line of deit.md 4.1. */
export interface PrintedSize {
  readonly name: string;
  /** T */
  readonly tokens: number;
  readonly parameters: number;
  /** Rounded to three places. */
  readonly gmacs: number;
}

export const printedSizes: readonly [PrintedSize, ...PrintedSize[]] = [
  { name: "deit-tiny", tokens: 197, parameters: 5_717_416, gmacs: 1.254 },
  { name: "deit-small", tokens: 197, parameters: 22_050_664, gmacs: 4.599 },
  { name: "deit-base", tokens: 197, parameters: 86_567_656, gmacs: 17.564 },
  { name: "deit_base_patch16_384", tokens: 577, parameters: 86_859_496, gmacs: 55.484 },
  { name: "deit-tiny-distilled", tokens: 198, parameters: 5_910_800, gmacs: 1.261 },
  { name: "deit-small-distilled", tokens: 198, parameters: 22_436_432, gmacs: 4.624 },
  { name: "deit-base-distilled", tokens: 198, parameters: 87_338_192, gmacs: 17.657 },
  { name: "deit_base_distilled_patch16_384", tokens: 578, parameters: 87_630_032, gmacs: 55.591 },
  { name: "deit_tiny_patch16_384", tokens: 577, parameters: 5_790_376, gmacs: 4.682 },
  { name: "deit_tiny_distilled_patch16_384", tokens: 578, parameters: 5_983_760, gmacs: 4.693 },
  { name: "deit_small_patch16_384", tokens: 577, parameters: 22_196_584, gmacs: 15.49 },
  { name: "deit_small_distilled_patch16_384", tokens: 578, parameters: 22_582_352, gmacs: 15.523 },
];

/** d of every published model. */
export const HEAD_WIDTH = 64;

/** ε of every layer norm (E4). */
export const EPS = 1e-6;

/** deit.md 4.1: parameters of a block by D. */
export const printedBlocks: ReadonlyMap<number, number> = new Map([
  [192, 444_864],
  [384, 1_774_464],
  [768, 7_087_872],
]);

/** The names of all parameters in the order of deit.md 5.1. */
export function parameterNames({ depth, distilled, position }: DeitConfig): readonly string[] {
  const layer = (name: string): readonly string[] => [`${name}.weight`, `${name}.bias`];
  const block = ["norm1", "attn.qkv", "attn.proj", "norm2", "mlp.fc1", "mlp.fc2"];
  return [
    "cls_token",
    ...(position === "learned" ? ["pos_embed"] : []),
    ...(distilled ? ["dist_token"] : []),
    ...layer("patch_embed.proj"),
    ...Array.from({ length: depth }, (_, i) => block.flatMap((part) => layer(`blocks.${i}.${part}`))).flat(),
    ...layer("norm"),
    ...layer("head"),
    ...(distilled ? layer("head_dist") : []),
  ];
}
