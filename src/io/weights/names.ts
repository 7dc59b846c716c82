/**
 * The names of DeiT's parameters in timm and in Hugging Face's transformers (deit.md 5.1, 5.2), and tensors from one to the other. Numbers are
 * not touched: Hugging Face has three matrices where timm has one of queries, keys and values; everything else differs in name alone.
 */
import { size, type Shape } from "../../tensor/tensor.ts";
import { WeightsError } from "./about.ts";
import { FORMATS, viewOf, type Stored } from "./stored.ts";

/** Tensors of a file by name. */
export type Tensors = ReadonlyMap<string, Stored>;

/** What decides how Hugging Face calls things. */
interface Outline {
  readonly depth: number;
  /** With a distillation token: a DeiT there, else a plain ViT. */
  readonly distilled: boolean;
  /** A head on each prefix token; false: one head, though there may be a distillation token. */
  readonly twoHeads: boolean;
}

/** A layer of a block: weight and bias. */
const BLOCK: readonly (readonly [timm: string, huggingFace: readonly string[]])[] = [
  ["norm1", ["layernorm_before"]],
  ["attn.qkv", ["attention.attention.query", "attention.attention.key", "attention.attention.value"]],
  ["attn.proj", ["attention.output.dense"]],
  ["norm2", ["layernorm_after"]],
  ["mlp.fc1", ["intermediate.dense"]],
  ["mlp.fc2", ["output.dense"]],
];

/** Each name of timm, in timm's order, and the one or three of Hugging Face. */
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

/** How many different numbers stand where the pattern has its group. */
const countOf = (names: readonly string[], pattern: RegExp): number =>
  new Set(names.map((name) => pattern.exec(name)?.[1]).filter((index) => index !== undefined)).size;

const has = (names: readonly string[], beginning: string): boolean => names.some((name) => name.startsWith(beginning));

/** Whether the names are Hugging Face's. */
export function isHuggingFace(tensors: Tensors): boolean {
  const names = [...tensors.keys()];
  return has(names, "deit.") || has(names, "vit.");
}

/** Prefixes that training leaves on every name: torch's wrappers for several devices, and its compiler. */
const WRAPPERS = ["module.", "_orig_mod."];

/** The tensors without a wrapper's prefix, if all of them have it. */
export function unwrapped(tensors: Tensors): Tensors {
  const wrapper = WRAPPERS.find((prefix) => tensors.size > 0 && [...tensors.keys()].every((name) => name.startsWith(prefix)));
  if (wrapper === undefined) return tensors;
  return unwrapped(new Map([...tensors].map(([name, stored]) => [name.slice(wrapper.length), stored])));
}

/** All of `wanted` and nothing else. */
function checkNames(tensors: Tensors, wanted: ReadonlySet<string>, of: string): void {
  for (const name of tensors.keys()) if (!wanted.has(name)) throw new WeightsError(`weights: ${name} is no parameter of ${of}`);
  for (const name of wanted) if (!tensors.has(name)) throw new WeightsError(`weights: nothing named ${name}`);
}

const restOf = ([, ...rest]: Shape): string => rest.join();

/** Tensors one below the other: all rows of the first, then of the second … */
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

/** So many equal parts, one below the other. */
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
 * Tensors of Hugging Face's names under timm's, in timm's order.
 *
 * @throws WeightsError naming one that is missing, unknown, or does not fit the two that it is joined with
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
 * Tensors of timm's names under Hugging Face's: with a distillation token those of DeiT with two heads, or, without `head_dist`, with one; else
 * those of a plain ViT, under which DeiT without distillation is released there.
 *
 * @throws WeightsError naming one that is missing or unknown
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
