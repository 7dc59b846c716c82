/** A file that the safetensors package has written, and ours as the package reads it. */
import { spawnSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { numbersOf, parseSafetensors, writeSafetensors, type Stored } from "../../src/io/safetensors/safetensors.ts";
import { bytesOf } from "../helpers/fixtures.ts";
import { temporaryFolder } from "../helpers/temporary.ts";

/** The script's exit status if Python lacks the package. */
const NO_PACKAGE = 3;

/** A tensor as `every.json` describes it. */
interface Described {
  readonly dtype: string;
  readonly shape: readonly number[];
  /** Its bytes in hexadecimal digits. */
  readonly hex: string;
}

const described = ({ dtype, shape, data }: Stored): Described => ({
  dtype,
  shape,
  hex: Buffer.from(data.buffer, data.byteOffset, data.byteLength).toString("hex"),
});

const { metadata, tensors } = parseSafetensors(bytesOf("safetensors/every.safetensors"));
const expected: unknown = JSON.parse(Buffer.from(bytesOf("safetensors/every.json")).toString());

describe("the package's file", () => {
  it("has every tensor, bitwise identical", () => {
    expect(Object.fromEntries([...tensors].map(([name, stored]) => [name, described(stored)]))).toEqual(expected);
  });

  it("has its metadata", () => {
    expect(Object.fromEntries(metadata)).toEqual({ format: "pt", text: 'quotes " and ü' });
  });

  it.each(["F64", "F32", "F16", "BF16", "I64", "I32", "U8"])("has 0, 5, 10 … in %s", (dtype) => {
    const stored = tensors.get(`counted.${dtype}`);
    expect(stored && [...numbersOf(stored)]).toEqual(Array.from({ length: 24 }, (_, i) => 5 * i));
  });
});

it("our file is read by the package bitwise identical, if Python has it", (context) => {
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
