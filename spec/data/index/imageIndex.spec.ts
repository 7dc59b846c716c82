import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { indexBuilder } from "../../../src/data/index/builder.ts";
import { columnsOf, nameAt } from "../../../src/data/index/imageIndex.ts";
import { ARCHIVES, CLASSES, entries, FOLDER, indexFrom, type Entry } from "./sampleIndex.ts";

const NOWHERE = { shard: 0, begin: 0, length: 0 };

describe("an index", () => {
  it("holds the images that were added, in their order", () => {
    fc.assert(
      fc.property(entries, (images) => {
        const { count, columns } = indexFrom(images, ARCHIVES);
        const all = columnsOf("archives", count, columns);
        const found = images.map((_, i): unknown => ({
          name: nameAt(all, i),
          label: all.labels[i],
          shard: all.shards[i],
          begin: all.begins[i],
          length: all.lengths[i],
        }));
        expect([count, found]).toEqual([images.length, images]);
      }),
    );
  });

  it("of a folder holds names and labels only", () => {
    const { count, columns } = indexFrom([{ name: "cat/1.jpg", label: 2, shard: 1, begin: 512, length: 3 }], FOLDER);
    const all = columnsOf("folder", count, columns);
    expect([nameAt(all, 0), all.labels[0], all.begins.length, all.lengths.length, all.shards.length]).toEqual(["cat/1.jpg", 2, 0, 0, 0]);
    expect(columns.byteLength).toBe(2 * 4 + 9);
  });

  it("leaves out tags without a label", () => {
    fc.assert(
      fc.property(entries, fc.nat(2), (images, left) => {
        const builder = indexBuilder("archives");
        for (const { name, label, ...place } of images) builder.add(name, label, place);
        const { count, columns } = builder.pack((tag) => (tag === left ? null : 10 * tag));
        const kept = images.filter(({ label }) => label !== left);
        const all = columnsOf("archives", count, columns);
        expect(count).toBe(kept.length);
        expect(kept.map((_, i) => [nameAt(all, i), all.labels[i], all.begins[i]])).toEqual(
          kept.map(({ name, label, begin }) => [name, 10 * label, begin]),
        );
      }),
    );
  });

  it("has another digest if any name, label or place changes, and no other if only paths and times do", () => {
    const changes: readonly ((entry: Entry) => Entry)[] = [
      (entry) => ({ ...entry, name: `${entry.name}x` }),
      (entry) => ({ ...entry, label: (entry.label + 1) % 3 }),
      (entry) => ({ ...entry, shard: 1 - entry.shard }),
      (entry) => ({ ...entry, begin: entry.begin + 512 }),
      (entry) => ({ ...entry, length: entry.length + 1 }),
    ];
    fc.assert(
      fc.property(entries, fc.nat(), fc.constantFrom(...changes), (images, at, change) => {
        const { digest } = indexFrom(images, ARCHIVES);
        const changed = images.map((entry, i) => (i === at % images.length ? change(entry) : entry));
        expect(indexFrom(changed, ARCHIVES).digest).not.toBe(digest);
        expect(indexFrom(images.slice(1), ARCHIVES).digest).not.toBe(digest);
        expect(indexFrom(images, ARCHIVES, [...CLASSES, "cow"]).digest).not.toBe(digest);
        expect(indexFrom(images, { kind: "archives", archives: [] }).digest).toBe(digest);
      }),
    );
  });

  it("distinguishes names that are divided differently", () => {
    const [one, other] = [["ab", "c"], ["a", "bc"]].map((names) => indexFrom(names.map((name) => ({ name, label: 0, ...NOWHERE })), FOLDER)); // prettier-ignore
    expect(one?.digest).not.toBe(other?.digest);
  });
});
