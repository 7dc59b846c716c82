/** Files that torch.save has written, in both forms, compared with the same numbers in safetensors. */
import { existsSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { parsePth, PthError, type Pth } from "../../../src/io/pth/pth.ts";
import { isA, type Dict, type PthTensor } from "../../../src/io/pth/values.ts";
import { parseSafetensors, type Stored } from "../../../src/io/safetensors/safetensors.ts";
import { bytesOf } from "../../helpers/fixtures.ts";

const open = (name: string): Pth => parsePth(bytesOf(`names/${name}`));

/** The tensors of the file's dictionary, or of the dictionary at `key` in it. */
function tensorsOf({ value, numbersOf }: Pth, key?: string): ReadonlyMap<string, Stored> {
  const dict = key !== undefined && isA(value, "dict") ? value.entries.get(key) : value;
  if (!isA(dict, "dict")) throw new Error(`no dictionary ${key}`);
  const entries = [...dict.entries].map(([name, tensor]): [string, PthTensor] => {
    if (typeof name !== "string" || !isA(tensor, "tensor")) throw new Error("an entry is not a named tensor");
    return [name, tensor];
  });
  return numbersOf(new Map(entries));
}

const expectedOf = (name: string): ReadonlyMap<string, Stored> => parseSafetensors(bytesOf(`names/${name}.safetensors`)).tensors;

/** The tensors under a prefix, which is removed. */
const under = (prefix: string, tensors: ReadonlyMap<string, Stored>): ReadonlyMap<string, Stored> =>
  new Map([...tensors].flatMap(([name, stored]) => (name.startsWith(prefix) ? [[name.slice(prefix.length), stored] as const] : [])));

describe("weights that torch has saved", () => {
  it.each(["tiny_distilled.pth", "tiny_distilled.torch17_cuda.pth", "tiny_distilled.legacy.pth"])(
    "%s is read bitwise identical to timm's tensors",
    (name) => {
      expect(tensorsOf(open(name), "model")).toEqual(expectedOf("tiny_distilled.timm"));
    },
  );

  it("keep the order of the state dict", () => {
    expect([...tensorsOf(open("tiny_distilled.pth"), "model").keys()].slice(0, 4)).toEqual([
      "cls_token",
      "pos_embed",
      "dist_token",
      "patch_embed.proj.weight",
    ]);
  });

  it.each(["odd_tensors.pth", "odd_tensors.legacy.pth"])("%s: strides, offsets, sharing, dtypes and sizes are read correctly", (name) => {
    const found = tensorsOf(open(name));
    expect(found.size).toBe(14);
    expect(found).toEqual(expectedOf("odd_tensors.expected"));
  });
});

describe("a training checkpoint", () => {
  const checkpoint = open("training_checkpoint.pth");
  const expected = expectedOf("training_checkpoint.expected");
  const entry = (name: string): unknown => (isA(checkpoint.value, "dict") ? checkpoint.value.entries.get(name) : undefined);
  const dictOf = (value: unknown): Dict => {
    if (typeof value !== "object" || value === null || !("entries" in value) || !(value.entries instanceof Map))
      throw new Error("no dictionary");
    return { kind: "dict", entries: value.entries };
  };

  it.each(["model", "model_ema"])("has its %s, bitwise identical", (name) => {
    expect(tensorsOf(checkpoint, name)).toEqual(under(`${name}.`, expected));
  });

  it("has its settings as data", () => {
    expect(entry("epoch")).toBe(3);
    expect(dictOf(entry("scaler")).entries.get("scale")).toBe(65536);
    const args = entry("args");
    expect(args).toMatchObject({ kind: "instance", of: "argparse.Namespace" });
    const state: unknown = Reflect.get(Object(args), "state");
    expect(dictOf(state).entries.get("mixup")).toBe(0.8);
    expect(dictOf(state).entries.get("cutmix_minmax")).toBeNull();
  });

  it("has the optimiser's moments, bitwise identical", () => {
    const state = dictOf(dictOf(entry("optimizer")).entries.get("state")).entries;
    const value = dictOf(state.get(0));
    expect(tensorsOf({ ...checkpoint, value })).toEqual(under("optimizer.cls_token.", expected));
  });
});

describe("a malicious file", () => {
  it.each([
    [
      "malicious.pth",
      'pth: byte 191: "malicious/data.pkl": opcode GLOBAL imports "posix.system", which is not allowed; nothing of a pickle is run',
    ],
    ["malicious.legacy.pth", 'pth: byte 342: opcode GLOBAL imports "posix.system", which is not allowed; nothing of a pickle is run'],
  ])("%s is refused with the opcode and the import, and nothing in it is run", (name, message) => {
    const marker = />\s*(\S+?)[^\w/.]/.exec(new TextDecoder("latin1").decode(bytesOf(`names/${name}`)))?.[1] ?? "";
    expect(marker).toMatch(/\/\w+$/);
    const before = existsSync(marker);
    expect(() => open(name)).toThrow(PthError);
    expect(() => open(name)).toThrow(message);
    expect([before, existsSync(marker)]).toEqual([false, false]);
  });
});
