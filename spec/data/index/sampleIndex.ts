/** Indices for specs: of drawn images, in archives or in a folder that need not exist. */
import fc from "fast-check";
import { indexBuilder } from "../../../src/data/index/builder.ts";
import { indexOf, type ImageIndex } from "../../../src/data/index/imageIndex.ts";
import type { Origin } from "../../../src/data/index/origin.ts";

/** An image of an index. */
export interface Entry {
  readonly name: string;
  readonly label: number;
  readonly shard: number;
  readonly begin: number;
  readonly length: number;
}

/** The size of an archive: 8 TiB. */
const SIZE = 2 ** 43;

export const ARCHIVES: Origin = {
  kind: "archives",
  archives: [
    { path: "a.tar", size: SIZE, modified: "1700000000123456789" },
    { path: 'b "quoted".tar', size: SIZE, modified: "0" },
  ],
};

export const FOLDER: Origin = { kind: "folder", root: "photos", folders: [{ path: "", modified: "1" }, { path: "cat", modified: "2" }] }; // prettier-ignore

export const CLASSES: readonly string[] = ["cat", "dog", "猫"];

export function indexFrom(entries: readonly Entry[], origin: Origin, classes: readonly string[] = CLASSES): ImageIndex {
  const builder = indexBuilder(origin.kind);
  for (const { name, label, ...place } of entries) builder.add(name, label, place);
  return indexOf({ text: "a{0..1}.tar:train", classes, origin, ...builder.pack((label) => label) });
}

/** Images of three classes in two archives. */
export const entries: fc.Arbitrary<readonly Entry[]> = fc.array(
  fc.record({
    name: fc.string({ unit: "grapheme", minLength: 1, maxLength: 60 }),
    label: fc.nat(2),
    shard: fc.nat(1),
    begin: fc.nat(2 ** 31 - 1).map((block) => 512 * block),
    length: fc.nat(2 ** 31 - 1),
  }),
  { minLength: 1, maxLength: 60 },
);
