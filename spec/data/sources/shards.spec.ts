import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { hasRange, shardPaths } from "../../../src/data/sources/shards.ts";

describe("shardPaths", () => {
  it.each([
    ["a.tar", ["a.tar"]],
    ["a-{08..11}.tar", ["a-08.tar", "a-09.tar", "a-10.tar", "a-11.tar"]],
    ["a-{8..11}.tar", ["a-8.tar", "a-9.tar", "a-10.tar", "a-11.tar"]],
    ["a-{0..002}.tar", ["a-000.tar", "a-001.tar", "a-002.tar"]],
    ["a-{00..5}.tar", ["a-00.tar", "a-01.tar", "a-02.tar", "a-03.tar", "a-04.tar", "a-05.tar"]],
    ["a-{7..7}.tar", ["a-7.tar"]],
    ["{1..2}/a-{0..1}.tar", ["1/a-0.tar", "1/a-1.tar", "2/a-0.tar", "2/a-1.tar"]],
    ["a-{x..y}.tar", ["a-{x..y}.tar"]],
  ])("of %s are those of the shell", (path, paths) => {
    expect(shardPaths(path)).toEqual(paths);
  });

  it.each([
    ["a-{3..1}.tar", "the range {3..1} must count upwards"],
    ["a-{0..100000}.tar", "{0..100000} gives more than 100000 shards"],
    ["{0..999}-{0..999}.tar", "{0..999} gives more than 100000 shards"],
    ["{0..99999999999999999999}.tar", "{0..99999999999999999999} gives more than 100000 shards"],
  ])("refuses %s", (path, message) => {
    expect(() => shardPaths(path)).toThrow(message);
  });

  it("are as many as the range has numbers, in order, and of one length if padded", () => {
    fc.assert(
      fc.property(fc.nat(500), fc.nat(500), fc.integer({ min: 4, max: 8 }), (first, more, width) => {
        const padded = (n: number): string => `${n}`.padStart(width, "0");
        const paths = shardPaths(`x{${padded(first)}..${padded(first + more)}}.tar`);
        expect(paths).toEqual(Array.from({ length: more + 1 }, (_, i) => `x${padded(first + i)}.tar`));
      }),
    );
  });

  it("is needed for paths with a range only", () => {
    expect([hasRange("a-{0..9}.tar"), hasRange("a-{0}.tar"), hasRange("a.tar")]).toEqual([true, false, false]);
  });
});
