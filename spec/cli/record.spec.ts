import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { readRecording } from "../../src/recording/format/read.ts";
import { temporaryFolder } from "../helpers/temporary.ts";
import type { Ran } from "./deit.ts";
import { deitHere } from "./inProcess.ts";

/** Options for a model that takes a few milliseconds. */
const SMALL = "--image-size 12 --set model.patchSize=4 --set model.width=12 --set model.depth=2 --set model.classes=5".split(" ");
const SOFT = "--distillation soft --drop-path 0.3 --optimizer adamw --lr 1e-3,5e-4".split(" ");
const HARD = "--distillation hard --loss distribution --optimizer sgd".split(" ");

/** Runs `deit record MODEL OUT …` with OUT in this folder. */
const record = (cwd: string, model: string, out: string, ...options: readonly string[]): Promise<Ran> =>
  deitHere("record", model, join(cwd, out), ...options);

describe("a recording of one engine", () => {
  it.each([
    ["wasm", "reference", "deit-tiny-distilled", SOFT],
    ["reference", "wasm", "deit-tiny-distilled", SOFT],
    ["wasm", "reference", "deit-tiny", HARD],
    ["reference", "wasm", "deit-tiny", HARD],
    ["reference", "reference", "deit-tiny-distilled", ["--loss", "labels", "--store", "f32"]],
  ] as const)("made by %s matches on %s: %s, %j", async (maker, verifier, model, options) => {
    const cwd = temporaryFolder();
    const made = await record(cwd, model, "own.safetensors", ...SMALL, ...options, "--engine", maker);
    expect([made.status, made.stderr]).toEqual([0, ""]);
    const { stdout } = await deitHere("verify", join(cwd, "own.safetensors"), "--engine", verifier, "--json");
    expect(JSON.parse(stdout)).toMatchObject({ verdict: "match" });
  });
});

describe("deit record", () => {
  it("writes equal bytes each time, and other bytes with another seed", async () => {
    const cwd = temporaryFolder();
    const bytes = async (name: string, ...more: readonly string[]): Promise<Uint8Array> => {
      await record(cwd, "deit-tiny", name, ...SMALL, "--loss", "labels", ...more);
      return readFileSync(join(cwd, name));
    };
    const first = await bytes("a");
    expect(await bytes("b")).toEqual(first);
    expect(await bytes("c", "--seed", "1")).not.toEqual(first);
  });

  it("holds the results that were selected, in the order of the computation", async () => {
    const cwd = temporaryFolder();
    const some =
      "--loss labels --labels 4,0 --taps head,blocks.0.mlp* --cotangents none --grads images,norm.* --optimizer sgd --after 1/head.bias";
    await record(cwd, "deit-tiny", "own", ...SMALL, ...some.split(" "));
    const { results, given } = readRecording(readFileSync(join(cwd, "own")));
    expect([...results.keys()]).toEqual([
      "taps/blocks.0.mlp.fc1",
      "taps/blocks.0.mlp.gelu",
      "taps/blocks.0.mlp",
      "taps/head",
      "loss",
      "grads/images",
      "grads/norm.weight",
      "grads/norm.bias",
      "after/1/head.bias",
    ]);
    expect([...(given.get("labels")?.data ?? [])]).toEqual([4, 0]);
  });

  it("accepts stored weights and images, and the JSON of another recording", async () => {
    const cwd = temporaryFolder();
    await record(cwd, "deit-tiny", "hashed", ...SMALL, "--engine", "reference");
    const { configuration } = readRecording(readFileSync(join(cwd, "hashed")));
    const { position: _position, ...model } = configuration.model;
    writeFileSync(join(cwd, "own.json"), JSON.stringify({ ...configuration, model, images: { hash: 3, batch: 1 } }));
    expect((await record(cwd, join(cwd, "own.json"), "again", "--weights", "hash:9", "--engine", "wasm")).status).toBe(0);
    const again = readRecording(readFileSync(join(cwd, "again"))).configuration;
    expect(again).toMatchObject({ model, weights: { hash: 9 }, images: { hash: 3, batch: 1 }, dtype: "float32" });
  });
});

describe("what cannot be recorded is refused in one line, and nothing is written", () => {
  it.each([
    ["deit-tiny no/x", ": there is no folder "],
    ["deit-tiny x --taps blocks.12", 'taps: no tensor matches "blocks.12"; there are patch_embed, embed …'],
    ["deit-tiny x --lr 1,a --loss labels", "option '--lr <list>' argument '1,a' is invalid. It must be numbers, separated by commas; see"],
  ])("deit record %s", async (args, line) => {
    const cwd = temporaryFolder();
    const [model = "", out = "", ...options] = args.split(" ");
    const { status, stdout, stderr } = await record(cwd, model, out, ...options, "--engine", "reference");
    expect([status, stdout, readdirSync(cwd)]).toEqual([2, "", []]);
    expect(stderr).toMatch(/^deit record: /);
    expect(stderr).toContain(line);
    expect(stderr.trim()).not.toContain("\n");
  });
});
