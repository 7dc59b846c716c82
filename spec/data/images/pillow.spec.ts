/** Comparison with Pillow itself, if Python has it: PYTHON, or python3 on the PATH, with numpy and Pillow before 13. */
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { decodeImage } from "../../../src/data/images/decode.ts";
import { preprocess, type Convention } from "../../../src/data/images/preprocess.ts";
import { resize } from "../../../src/data/pixels/resize.ts";
import { temporaryFolder } from "../../helpers/temporary.ts";
import { digestOf } from "./samples.ts";

const PYTHON = process.env["PYTHON"] ?? "python3";
const SCRIPT = fileURLToPath(new URL("pillow.py", import.meta.url));
const SEED = process.env["DEIT_SEED"] ?? "5";
const PAIRS = 300;
const CROPS = 100;

function python(...args: readonly string[]): string {
  const { status, stdout, stderr, error } = spawnSync(PYTHON, [SCRIPT, ...args], { encoding: "utf8" });
  if (status !== 0) throw new Error(error?.message ?? stderr.trim().split("\n").at(-1) ?? "it failed");
  return stdout.trim();
}

/** Why nothing can be compared here; null if it can. */
function missing(): string | null {
  try {
    const version = python("version");
    return Number.parseInt(version, 10) < 13 ? null : `Pillow ${version} may resize columns first; one before 13 is needed`;
  } catch (error) {
    return `${PYTHON}: ${error instanceof Error ? error.message : String(error)}`;
  }
}

interface Crop {
  readonly path: string;
  readonly size: number;
  readonly convention: Convention;
  readonly digest: string;
}

const why = missing();

describe.skipIf(why !== null)(`compared with Pillow${why === null ? "" : ` (skipped: ${why})`}`, () => {
  it(`${PAIRS} random pairs of sizes are resized to the same bytes`, () => {
    const out = join(temporaryFolder(), "pairs");
    python("resize", SEED, `${PAIRS}`, out);
    const bytes = readFileSync(`${out}.bin`);
    const cases: readonly (readonly [number, number, number, number])[] = JSON.parse(readFileSync(`${out}.json`, "utf8"));
    let at = 0;
    const take = (length: number): Uint8Array => bytes.subarray(at, (at += length));
    const different = cases.filter(([width, height, W, H]) => {
      const data = take(width * height * 3);
      const expected = take(W * H * 3);
      return Buffer.compare(resize({ data, width, height, channels: 3 }, { width: W, height: H }).data, expected) !== 0;
    });
    expect([cases.length, different]).toEqual([PAIRS, []]);
  });

  it(`${CROPS} random files, sizes and conventions give the same crop`, async () => {
    const folder = temporaryFolder();
    python("crop", folder, SEED, `${CROPS}`);
    const different: Crop[] = [];
    for (let n = 0; n < CROPS; n++) {
      const crop: Crop = JSON.parse(readFileSync(join(folder, `${n}.json`), "utf8"));
      const { data } = preprocess(await decodeImage(readFileSync(crop.path)), crop.size, crop.convention);
      if (digestOf(data) !== crop.digest) different.push(crop);
    }
    expect(different).toEqual([]);
  });
});
