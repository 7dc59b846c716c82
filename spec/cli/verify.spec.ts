import { mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { readRecording } from "../../src/recording/format/read.ts";
import { recordingFile, forwardOnly, zeros } from "../recording/helpers.ts";
import { deit } from "./deit.ts";
import { deitHere, jsonHere } from "./inProcess.ts";

const fixture = (path: string): string => fileURLToPath(new URL(`../../fixtures/${path}.safetensors`, import.meta.url));

const RIGHT = fixture("recordings/tiny-plain-soft-class-mixed-f64");
const TANH = fixture("planted/gelu-tanh.hash-hard-f64.everywhere");
const UNKNOWN = fixture("planted/rms-norm.hash-hard-f64.everywhere");

/** A recording with two errors. */
const SEVERAL = fixture("planted/residual-from-norm-mid+smoothing-missing.hash-plain-f64.block-1+loss");
/** A recording whose first wrong tensor is compared end to end. */
const FAR = fixture("recorded/mine-unscaled-f64");

const folder = mkdtempSync(join(tmpdir(), "verify-"));

function fileOf(name: string, bytes: Uint8Array | string): string {
  const path = join(folder, name);
  writeFileSync(path, bytes);
  return path;
}

const field = (value: unknown, name: string): unknown => Reflect.get(Object(value), name);
const list = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : []);

describe("deit verify", () => {
  it.each(["reference", "wasm"])("finds that a right recording matches on %s, and prints the JSON of the format", async (engine) => {
    const found = await jsonHere("verify", RIGHT, "--engine", engine);
    expect(found).toMatchObject({ verdict: "match", engine, first: null, explanation: null });
    const tensors = list(field(found, "tensors"));
    expect(tensors.length).toBe(readRecording(readFileSync(RIGHT)).results.size);
    for (const tensor of tensors) {
      expect(Object.keys(Object(tensor))).toEqual(["name", "status", "maxAbs", "maxRel", "rms", "tolerance", "worstIndex"]);
      expect(field(tensor, "status")).toBe("ok");
      expect(Number(field(tensor, "maxRel"))).toBeLessThanOrEqual(Number(field(tensor, "tolerance")));
    }
  });

  it("applies a tolerance of 1e-9 to an f64 recording on the reference engine", async () => {
    const bounds = list(field(await jsonHere("verify", RIGHT, "--engine", "reference"), "tensors")).map((tensor) =>
      field(tensor, "tolerance"),
    );
    expect(new Set(bounds)).toEqual(new Set([1e-9]));
  });

  it("exits with 1 if a tensor is wrong, and names the first", async () => {
    const { status, stdout } = await deitHere("verify", TANH, "--json");
    expect(status).toBe(1);
    const found: unknown = JSON.parse(stdout);
    expect(found).toMatchObject({ verdict: "mismatch", first: "taps/blocks.0.mlp.gelu", explanation: { variant: "gelu-tanh" } });
    expect(Object.keys(Object(field(found, "explanation")))).toEqual(["variant", "residual", "text"]);
    expect(field(field(found, "explanation"), "text")).toMatch(/see \(E9\)/);
  });

  it("prints the worst value and the right one, the share of the tolerance, and the reason", async () => {
    const { status, stdout } = await deitHere("verify", TANH, "--engine", "reference");
    expect(status).toBe(1);
    expect(stdout).toMatch(/taps\/blocks\.0\.mlp\.gelu {2}← first .*\[\d+, \d+, \d+\].* times/);
    expect(stdout).toMatch(/mismatch: first at taps\/blocks\.0\.mlp\.gelu/);
    expect(stdout).toMatch(/gelu-tanh: the tanh approximation/);
  });

  it("gives no explanation for an unknown error", async () => {
    const found = await deitHere("verify", UNKNOWN, "--json");
    expect(found.status).toBe(1);
    expect(JSON.parse(found.stdout)).toMatchObject({ first: "taps/blocks.0.norm1", explanation: null });
    expect((await deitHere("verify", UNKNOWN)).stdout).toMatch(/no known variant gives these values/);
  });

  it("lists every step that is wrong locally, and counts the blocks with the same error", async () => {
    const found = await jsonHere("verify", SEVERAL, "--engine", "reference");
    expect(found).toMatchObject({ explanation: { variant: "residual-from-norm" } });
    const entries = list(field(found, "explanations"));
    expect(entries.map((entry) => [field(entry, "at"), field(entry, "variant"), field(entry, "count")])).toEqual([
      ["taps/blocks.1.mid", "residual-from-norm", 1],
      ["loss", "smoothing-missing", 1],
    ]);
    for (const entry of entries) expect(Object.keys(Object(entry))).toEqual(["at", "variant", "residual", "text", "count"]);
    expect((await deitHere("verify", SEVERAL, "--engine", "reference")).stdout).toMatch(/also wrong: loss: smoothing-missing: /);
  });

  it("gives no explanation if the time for the search is up, and says how to allow more", async () => {
    const { status, stdout } = await deitHere("verify", FAR, "--minutes", "0");
    expect(status).toBe(1);
    expect(stdout).toMatch(/hint: the search for an explanation stopped when its time was up; --minutes gives it more/);
    expect(await jsonHere("verify", FAR)).toMatchObject({ explanation: { variant: "scale-missing" } });
  });

  it("accepts several files, and exits with the status of the worst", async () => {
    const { status, stdout } = await deitHere("verify", RIGHT, TANH, "--json");
    expect(status).toBe(1);
    expect(JSON.parse(stdout)).toMatchObject({
      verdict: "mismatch",
      files: [
        { file: RIGHT, verdict: "match" },
        { file: TANH, verdict: "mismatch", explanation: { variant: "gelu-tanh" } },
      ],
    });
    const none = fileOf("none.safetensors", "no");
    const three = await deitHere("verify", none, TANH, RIGHT);
    expect(three.status).toBe(2);
    expect(three.stderr).toMatch(new RegExp(`^deit verify: ${none}: .+\\n$`));
    expect(three.stdout).toMatch(/match: all \d+ tensors/);
    expect((await deitHere("verify", RIGHT, RIGHT)).status).toBe(0);
  });

  const taps = { "taps/patch_embed": zeros(2, 4, 4) };
  const unusable: readonly (readonly [why: string, file: () => string, says: RegExp])[] = [
    ["a missing file", () => join(folder, "nowhere.safetensors"), /^deit verify: no such file: \S+nowhere\.safetensors\n$/],
    ["a folder", () => folder, /is no file/],
    ["an empty file", () => fileOf("empty.safetensors", ""), /empty\.safetensors/],
    ["text", () => fileOf("text.safetensors", "this is no tensor file at all"), /text\.safetensors/],
    [
      "a tensor that the JSON does not call for",
      () => fileOf("stray.safetensors", recordingFile(forwardOnly, { stray: zeros(2) })),
      /stray/,
    ],
    [
      "a wrong shape",
      () => fileOf("shape.safetensors", recordingFile(forwardOnly, { "taps/norm": zeros(2, 4, 4) })),
      /taps\/norm.*\[2, 5, 4\]/,
    ],
    ["a missing tensor", () => fileOf("missing.safetensors", recordingFile({ ...forwardOnly, images: "stored" }, taps)), /images/],
    ["a wrong field", () => fileOf("field.safetensors", recordingFile({ ...forwardOnly, dtype: "float16" }, taps)), /dtype/],
    ["nothing to verify", () => fileOf("nothing.safetensors", recordingFile(forwardOnly)), /nothing to verify/],
  ];

  it.each(unusable)("exits with 2 and one line for %s", async (_, file, says) => {
    for (const flags of [[], ["--json"]]) {
      const { status, stdout, stderr } = await deitHere("verify", file(), ...flags);
      expect({ status, stdout }).toEqual({ status: 2, stdout: "" });
      expect(stderr).toMatch(/^deit verify: [^\n]+\n$/);
      expect(stderr).toMatch(says);
    }
  });

  it.each([
    [["verify"], /file/],
    [["verify", RIGHT, "--engine", "abacus"], /abacus/],
    [["verify", RIGHT, "--engine", "webgpu", "--adapter", "an abacus"], /engine webgpu cannot run here.*an abacus/],
    [["verify", RIGHT, "--colour"], /--colour/],
    [["verify", RIGHT, "--minutes", "soon"], /--minutes.*a number of minutes/],
  ])("exits with 2 for %j", async (args, says) => {
    const { status, stdout, stderr } = args.includes("webgpu") ? deit(args) : await deitHere(...args); // the former is supervised
    expect({ status, stdout }).toEqual({ status: 2, stdout: "" });
    expect(stderr).toMatch(says);
  });
});
