/** Files of the safetensors package itself, and what it makes of ours. */
import { spawnSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { numbersOf, parseSafetensors, writeSafetensors, type Stored } from "../../src/io/safetensors/safetensors.ts";
import { bytesOf } from "../helpers/fixtures.ts";
import { temporaryFolder } from "../helpers/temporary.ts";

/** The script's exit status where Python lacks it. */
const NO_PACKAGE = 3;

/** A tensor as `every.json` tells it. */
interface Told {
  readonly dtype: string;
  readonly shape: readonly number[];
  /** Of its bytes. */
  readonly hex: string;
}

const told = ({ dtype, shape, data }: Stored): Told => ({
  dtype,
  shape,
  hex: Buffer.from(data.buffer, data.byteOffset, data.byteLength).toString("hex"),
});

const { metadata, tensors } = parseSafetensors(bytesOf("safetensors/every.safetensors"));
const expected: unknown = JSON.parse(Buffer.from(bytesOf("safetensors/every.json")).toString());

describe("the package's file", () => {
  it("has every tensor to the bit", () => {
    expect(Object.fromEntries([...tensors].map(([name, stored]) => [name, told(stored)]))).toEqual(expected);
  });

  it("has its metadata", () => {
    expect(Object.fromEntries(metadata)).toEqual({ format: "pt", text: 'quotes " and ü' });
  });

  it.each(["F64", "F32", "F16", "BF16", "I64", "I32", "U8"])("has 0, 5, 10 … in %s", (dtype) => {
    const stored = tensors.get(`counted.${dtype}`);
    expect(stored && [...numbersOf(stored)]).toEqual(Array.from({ length: 24 }, (_, i) => 5 * i));
  });
});

it("our file is read by the package to the same bits, where Python has it", (context) => {
  const path = join(temporaryFolder(), "ours.safetensors");
  writeFileSync(path, writeSafetensors(tensors, metadata));
  const script = [
    "import json, sys",
    "try: import safetensors",
    `except ImportError: sys.exit(${NO_PACKAGE})`,
    "read = safetensors.deserialize(open(sys.argv[1], 'rb').read())",
    "tensors = {n: {'dtype': t['dtype'], 'shape': t['shape'], 'hex': bytes(t['data']).hex()} for n, t in read}",
    "print(json.dumps([tensors, safetensors.safe_open(sys.argv[1], 'np').metadata()]))",
  ].join("\n");
  const python = process.env["PYTHON"] ?? "python3";
  const { status, stdout, stderr } = spawnSync(python, ["-c", script, path], {
    encoding: "utf8",
    env: { ...process.env, PYTHONUTF8: "1" },
  });
  if (status === null || status === NO_PACKAGE) context.skip(`${python} has no safetensors`);
  expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
  expect(JSON.parse(stdout)).toEqual([expected, Object.fromEntries(metadata)]);
});
