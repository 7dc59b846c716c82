/**
 * The names of DeiT's parameters in timm and in Hugging Face's transformers (deit.md 5.1, 5.2), and the conversion of tensors between them. Numbers
 * do not change. Hugging Face has three matrices where timm has one for queries, keys and values; everything else differs in name only.
 */
import { size, type Shape } from "../../tensor/tensor.ts";
import { WeightsError } from "./about.ts";
import { FORMATS, viewOf, type Stored } from "./stored.ts";

/** Tensors of a file by name. */
export type Tensors = ReadonlyMap<string, Stored>;

/** What Hugging Face's names depend on. */
interface Outline {
  readonly depth: number;
  /** Whether there is a distillation token; Hugging Face calls such a model DeiT, and one without it ViT. */
  readonly distilled: boolean;
  /** Whether each of two prefix tokens has a head; a model with a distillation token may still have a single head. */
  readonly twoHeads: boolean;
}

/** The layers of a block; each has a weight and a bias. */
const BLOCK: readonly (readonly [timm: string, huggingFace: readonly string[]])[] = [
  ["norm1", ["layernorm_before"]],
  ["attn.qkv", ["attention.attention.query", "attention.attention.key", "attention.attention.value"]],
  ["attn.proj", ["attention.output.dense"]],
  ["norm2", ["layernorm_after"]],
  ["mlp.fc1", ["intermediate.dense"]],
  ["mlp.fc2", ["output.dense"]],
];

/** Each of timm's names, in timm's order, with the one or three names of Hugging Face. */
function pairs({ depth, distilled, twoHeads }: Outline): ReadonlyMap<string, readonly string[]> {
  const prefix = distilled ? "deit" : "vit";
  const layer = (timm: string, names: readonly string[]): readonly (readonly [string, readonly string[]])[] =>
    ["weight", "bias"].map((leaf) => [`${timm}.${leaf}`, names.map((name) => `${name}.${leaf}`)] as const);
  const embeddings = (timm: string, name: string): readonly [string, readonly string[]] => [timm, [`${prefix}.embeddings.${name}`]];
  const block = (i: number): readonly (readonly [string, readonly string[]])[] =>
    BLOCK.flatMap(([timm, names]) =>
      layer(
        `blocks.${i}.${timm}`,
        names.map((name) => `${prefix}.encoder.layer.${i}.${name}`),
      ),
    );
  return new Map([
    embeddings("cls_token", "cls_token"),
    embeddings("pos_embed", "position_embeddings"),
    ...(distilled ? [embeddings("dist_token", "distillation_token")] : []),
    ...layer("patch_embed.proj", [`${prefix}.embeddings.patch_embeddings.projection`]),
    ...Array.from({ length: depth }, (_, i) => block(i)).flat(),
    ...layer("norm", [`${prefix}.layernorm`]),
    ...layer("head", [twoHeads ? "cls_classifier" : "classifier"]),
    ...(twoHeads ? layer("head_dist", ["distillation_classifier"]) : []),
  ]);
}

/** How many different values the group of a pattern has among the names. */
const countOf = (names: readonly string[], pattern: RegExp): number =>
  new Set(names.map((name) => pattern.exec(name)?.[1]).filter((index) => index !== undefined)).size;

const has = (names: readonly string[], beginning: string): boolean => names.some((name) => name.startsWith(beginning));

/** Whether the names are Hugging Face's. */
export function isHuggingFace(tensors: Tensors): boolean {
  const names = [...tensors.keys()];
  return has(names, "deit.") || has(names, "vit.");
}

/** Prefixes that torch adds to every name: its wrappers for several devices, and its compiler. */
const WRAPPERS = ["module.", "_orig_mod."];

/** The tensors without a wrapper's prefix, which is removed if all names have it. */
export function unwrapped(tensors: Tensors): Tensors {
  const wrapper = WRAPPERS.find((prefix) => tensors.size > 0 && [...tensors.keys()].every((name) => name.startsWith(prefix)));
  if (wrapper === undefined) return tensors;
  return unwrapped(new Map([...tensors].map(([name, stored]) => [name.slice(wrapper.length), stored])));
}

/** Checks that the names are exactly those in `wanted`. */
function checkNames(tensors: Tensors, wanted: ReadonlySet<string>, of: string): void {
  for (const name of tensors.keys()) if (!wanted.has(name)) throw new WeightsError(`weights: ${name} is no parameter of ${of}`);
  for (const name of wanted) if (!tensors.has(name)) throw new WeightsError(`weights: nothing named ${name}`);
}

const restOf = ([, ...rest]: Shape): string => rest.join();

/** Tensors stacked along the first axis: all rows of the first, then of the second … */
function joined(parts: readonly (readonly [name: string, stored: Stored])[]): Stored {
  const [first] = parts;
  if (first === undefined) throw new RangeError("joined: nothing to join");
  const [, { dtype, shape }] = first;
  if (parts.length === 1) return first[1];
  for (const [name, part] of parts)
    if (part.dtype !== dtype || part.shape.length === 0 || restOf(part.shape) !== restOf(shape))
      throw new WeightsError(`weights: ${name} must be of ${dtype} and as wide as ${first[0]}`);
  const bytes = parts.map(([name, part]) => viewOf(name, part));
  const whole = new Uint8Array(bytes.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of bytes) {
    whole.set(part, at);
    at += part.length;
  }
  const rows = parts.reduce((sum, [, { shape }]) => sum + (shape[0] ?? 0), 0);
  return FORMATS[dtype].read([rows, ...shape.slice(1)], whole.buffer);
}

/** Splits a tensor along the first axis into `count` equal parts. */
function split(name: string, stored: Stored, count: number): readonly Stored[] {
  if (count === 1) return [stored];
  const [rows = 0, ...rest] = stored.shape;
  if (stored.shape.length === 0 || rows % count !== 0) throw new WeightsError(`weights: ${name} must have ${count} parts of equal height`);
  const shape = [rows / count, ...rest];
  const bytes = viewOf(name, stored);
  const length = size(shape) * FORMATS[stored.dtype].bytes;
  return Array.from({ length: count }, (_, i) =>
    FORMATS[stored.dtype].read(shape, new Uint8Array(bytes.subarray(i * length, (i + 1) * length)).buffer),
  );
}

/**
 * Tensors under Hugging Face's names, renamed to timm's and in timm's order.
 *
 * @throws WeightsError naming a tensor that is missing, unknown, or does not fit the others that it is stacked with
 */
export function timmNamed(tensors: Tensors): Tensors {
  const names = [...tensors.keys()];
  const distilled = has(names, "deit.");
  const twoHeads = distilled && !has(names, "classifier.");
  const outline = { depth: countOf(names, /^(?:deit|vit)\.encoder\.layer\.(\d+)\./), distilled, twoHeads };
  const all = pairs(outline);
  checkNames(tensors, new Set([...all.values()].flat()), `Hugging Face's ${distilled ? "DeiT" : "ViT"} of ${outline.depth} layers`);
  const part = (name: string): readonly (readonly [string, Stored])[] => {
    const stored = tensors.get(name);
    return stored === undefined ? [] : [[name, stored]];
  };
  return new Map([...all].map(([timm, names]) => [timm, joined(names.flatMap(part))]));
}

/**
 * Tensors under timm's names, renamed to Hugging Face's: with a distillation token to those of its DeiT with two heads, or with one head if there is
 * no `head_dist`; else to those of its plain ViT, as which Hugging Face releases DeiT without distillation.
 *
 * @throws WeightsError naming a tensor that is missing or unknown
 */
export function huggingFaceNamed(tensors: Tensors): Tensors {
  const names = [...tensors.keys()];
  const distilled = tensors.has("dist_token");
  const outline = { depth: countOf(names, /^blocks\.(\d+)\./), distilled, twoHeads: distilled && has(names, "head_dist.") };
  const all = pairs(outline);
  checkNames(tensors, new Set(all.keys()), `a ${distilled ? "distilled" : "plain"} DeiT of ${outline.depth} blocks`);
  const renamed = [...all].flatMap(([timm, names]) => {
    const stored = tensors.get(timm);
    const parts = stored === undefined ? [] : split(timm, stored, names.length);
    return names.flatMap((name, i): (readonly [string, Stored])[] => {
      const part = parts[i];
      return part === undefined ? [] : [[name, part]];
    });
  });
  return new Map(renamed);
}
