/** The models of fixtures/inspect on an engine, and what timm and numpy say of them. */
import { z } from "zod";
import type { HostArray } from "../../src/check/host.ts";
import { normalisedBatch, type HostBatch } from "../../src/data/loader/batch.ts";
import type { NormalisedImages } from "../../src/data/normalise.ts";
import { parseSafetensors } from "../../src/io/safetensors/safetensors.ts";
import type { Engine } from "../../src/kernels/engine.ts";
import type { DeitConfig } from "../../src/model/config.ts";
import { buildParams } from "../../src/model/params.ts";
import { hashed } from "../../src/recording/format/hash.ts";
import type { Deit } from "../../src/train/evaluation/evaluate.ts";
import { bytesOf, tensorOf, tensorsOf } from "../helpers/fixtures.ts";

const FILE = "inspect/inspect.safetensors";

const about = z.record(
  z.string(),
  z.object({
    seed: z.number(),
    images: z.number(),
    batch: z.number(),
    deciders: z.array(z.string()),
    model: z.object({
      img_size: z.number(),
      patch_size: z.number(),
      embed_dim: z.number(),
      depth: z.number(),
      num_heads: z.number(),
      mlp_ratio: z.number(),
      num_classes: z.number(),
    }),
  }),
);

const cases = about.parse(JSON.parse(parseSafetensors(bytesOf(FILE)).metadata.get("cases") ?? "{}"));
const tensors = tensorsOf(FILE);

export interface InspectedCase {
  readonly config: DeitConfig;
  readonly deciders: readonly string[];
  /** All images in one batch. */
  readonly batch: HostBatch;
  /** The same images. */
  readonly images: NormalisedImages;
  readonly model: (engine: Engine) => Deit;
  /** A tensor of the fixture. */
  readonly expected: (name: string) => HostArray;
}

export function inspectedCase(name: "distilled" | "plain"): InspectedCase {
  const found = cases[name];
  if (found === undefined) throw new Error(`no case ${name}`);
  const { seed, deciders, model: m } = found;
  const config: DeitConfig = {
    imageSize: m.img_size,
    patchSize: m.patch_size,
    channels: 3,
    width: m.embed_dim,
    depth: m.depth,
    heads: m.num_heads,
    mlpRatio: m.mlp_ratio,
    classes: m.num_classes,
    distilled: name === "distilled",
    layerNormEps: 1e-6,
    position: "learned",
  };
  const expected = (tensor: string): HostArray => tensorOf(tensors, `${name}/${tensor}`);
  const labels = [...expected("labels").data];
  const images = hashed("images", [found.batch, 3, m.img_size, m.img_size], found.images);
  return {
    config,
    deciders,
    batch: normalisedBatch(images, labels),
    images,
    model: ({ kernels: k }) => ({ config, params: buildParams(config, (path, shape) => k.upload(shape, hashed(path, shape, seed).data)) }),
    expected,
  };
}

/** The first of them alone. */
export function firstImage({ images: { shape, data } }: Pick<InspectedCase, "images">): NormalisedImages {
  return { shape: [1, ...shape.slice(1)], data: data.slice(0, data.length / (shape[0] ?? 1)) };
}
