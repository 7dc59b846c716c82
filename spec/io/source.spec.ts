import fc from "fast-check";
import { expect, it } from "vitest";
import { readAhead, sourceOf } from "../../src/io/disk/source.ts";

it("readAhead gives the bytes of its source, in whatever order they are read, with fewer reads of it", () => {
  const bytes = Uint8Array.from({ length: 200 }, (_, i) => i);
  const ranges = fc.array(fc.tuple(fc.nat(220), fc.nat(40)), { maxLength: 30 });
  fc.assert(
    fc.property(ranges, fc.integer({ min: 1, max: 100 }), (ranges, least) => {
      const source = sourceOf(bytes);
      const ahead = readAhead(source, least);
      for (const [begin, length] of ranges) expect([...ahead.read(begin, begin + length)]).toEqual([...source.read(begin, begin + length)]);
    }),
  );
  let reads = 0;
  const counted = readAhead({ length: 200, read: (begin, end) => (reads++, bytes.subarray(begin, end)) }, 100);
  for (let at = 0; at < 200; at += 10) counted.read(at, at + 10);
  expect(reads).toBe(2);
});
