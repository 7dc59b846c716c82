/** Random views of photographs against timm on Pillow (fixtures/replay). The photographs of ImageNet are read where DEIT_PHOTOGRAPHS says. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { drawOf } from "../../src/data/augment/drawJson.ts";
import { applyView } from "../../src/data/augment/view.ts";
import { decodeImage } from "../../src/data/images/decode.ts";
import { normalisedTensor } from "../../src/data/images/preprocess.ts";
import { plainKernels } from "../../src/data/pixels/plain.ts";
import { tarFiles } from "../../src/io/archive/tar.ts";
import { openSource } from "../../src/io/disk/source.ts";
import { digestOf } from "../data/images/samples.ts";
import { IMAGENET_STATISTICS } from "../helpers/erased.ts";
import { textOf } from "../helpers/fixtures.ts";

interface Replayed {
  readonly photograph: string;
  /** In the form of `deit augment --draws`. */
  readonly draw: unknown;
  readonly pixels: string;
  readonly tensor: string;
}

interface Fixture {
  readonly S: number;
  readonly draws: readonly Replayed[];
}

/** Reads the files of a folder or archive. */
function filesOf(path: string): { readonly read: (name: string) => Uint8Array; readonly close: () => void } {
  if (!path.endsWith(".tar")) return { read: (name) => readFileSync(join(path, name)), close: () => undefined };
  const source = openSource(path);
  const members = new Map(tarFiles(source).map((file) => [file.name, file]));
  const read = (name: string): Uint8Array => {
    const { begin, end } = members.get(name) ?? { begin: 0, end: 0 };
    return source.read(begin, end);
  };
  return { read, close: source.close };
}

/** The draws whose view is not timm's, by number and photograph. */
async function different({ S, draws }: Fixture, photographs: string): Promise<readonly string[]> {
  const { read, close } = filesOf(photographs);
  const wrong: string[] = [];
  try {
    for (const [i, { photograph, draw, pixels, tensor }] of draws.entries()) {
      const image = await decodeImage(read(photograph));
      const view = applyView(plainKernels, image, drawOf(draw, { image, S, hint: (name) => name }), S);
      const same = digestOf(view.data) === pixels && digestOf(normalisedTensor(view, IMAGENET_STATISTICS)) === tensor;
      if (!same) wrong.push(`${i}, ${photograph}`);
    }
  } finally {
    close();
  }
  return wrong;
}

const fixture = (name: string): Fixture => JSON.parse(textOf(`replay/${name}.json`));

const SOURCE = fileURLToPath(new URL("../../fixtures/preprocess/source", import.meta.url));
const PHOTOGRAPHS = process.env["DEIT_PHOTOGRAPHS"];

describe("a view of a photograph", () => {
  const source = fixture("source");
  it(`equals timm's for each of ${source.draws.length} random draws`, async () => {
    expect(source.draws.length).toBeGreaterThan(50);
    expect(await different(source, SOURCE)).toEqual([]);
  });

  const imageNet = fixture("imagenet-samples");
  const skipped = PHOTOGRAPHS === undefined ? " (skipped: DEIT_PHOTOGRAPHS names no archive or folder with them)" : "";
  it.skipIf(PHOTOGRAPHS === undefined)(
    `equals timm's for each of ${imageNet.draws.length} random draws on ImageNet${skipped}`,
    async () => {
      expect(imageNet.draws.length).toBe(200);
      expect(await different(imageNet, PHOTOGRAPHS ?? "")).toEqual([]);
    },
    120_000,
  );

  it("differs from timm's if the draw is another", async () => {
    const [first] = source.draws;
    if (first === undefined) throw new Error("the fixture has no draws");
    const changed = { ...JSON.parse(JSON.stringify(first.draw)), flip: JSON.stringify(first.draw).includes('"flip":false') };
    expect(await different({ ...source, draws: [{ ...first, draw: changed }] }, SOURCE)).toEqual([`0, ${first.photograph}`]);
  });
});
