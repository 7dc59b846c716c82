/** The table of names in docs/weights.md agrees with the code. */
import { readFileSync } from "node:fs";
import { expect, it } from "vitest";
import { huggingFaceNamed } from "../../src/io/weights/names.ts";
import { parseSafetensors } from "../../src/io/safetensors/safetensors.ts";
import { bytesOf } from "../helpers/fixtures.ts";

const page = readFileSync(new URL("../../docs/weights.md", import.meta.url), "utf8");
const rows = [...page.matchAll(/^\| (?:`([\w.]+)`|…)[^|]*\| `([\w.]+)` \|$/gm)].map(([, timm, huggingFace = ""]) => ({
  timm,
  huggingFace,
}));

const { tensors } = parseSafetensors(bytesOf("names/tiny_distilled.timm.safetensors"));
const named = huggingFaceNamed(tensors);

it("the table has every kind of name", () => {
  expect(rows.length).toBe(15);
  const kinds = [...named.keys()].filter((name) => !name.endsWith(".bias") && !name.includes("layer.1."));
  expect(new Set(rows.map(({ huggingFace }) => huggingFace))).toEqual(new Set(kinds));
});

it.each(rows.filter(({ huggingFace }) => !/\.(query|key|value)\./.test(huggingFace)))("$timm is $huggingFace", ({ timm, huggingFace }) => {
  const stored = tensors.get(timm ?? "");
  expect(stored).toBeDefined();
  expect(named.get(huggingFace)).toEqual(stored);
});

it("queries, keys and values are the thirds of qkv in that order", () => {
  const order = rows.map(({ huggingFace }) => /\.(query|key|value)\./.exec(huggingFace)?.[1]).filter((role) => role !== undefined);
  expect(order).toEqual(["query", "key", "value"]);
  const thirds = order.flatMap((role) => [...(named.get(`deit.encoder.layer.0.attention.attention.${role}.weight`)?.data ?? [])]);
  expect(thirds).toEqual([...(tensors.get("blocks.0.attn.qkv.weight")?.data ?? [])]);
});
