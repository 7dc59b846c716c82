import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Heap } from "../../src/engines/heap.ts";

describe("the heap", () => {
  it("takes blocks at multiples of 64 bytes, the one freed last first", () => {
    const heap = new Heap();
    const [a, b] = [heap.take(100), heap.take(100)];
    expect([a, b].every((address) => address > 0 && address % 64 === 0)).toBe(true);
    heap.give(a, 100);
    heap.give(b, 100);
    expect([heap.take(128), heap.take(65)]).toEqual([b, a]);
  });

  it("takes nothing if the memory cannot reach so far, and continues with free blocks", () => {
    const heap = new Heap((end) => {
      if (end > 1000) throw new RangeError(`no memory up to ${end}`);
    });
    const a = heap.take(512);
    const before = heap.report();
    expect(() => heap.take(512)).toThrow("no memory up to 1088");
    expect(heap.report()).toEqual(before);
    expect(heap.take(64)).toBe(576);
    heap.give(a, 512);
    expect(heap.take(500)).toBe(a);
  });

  it("never has two live blocks overlap, and counts what is live", () => {
    const requests = fc.array(fc.record({ bytes: fc.integer({ min: 0, max: 1000 }), free: fc.nat() }), { maxLength: 200 });
    fc.assert(
      fc.property(requests, (steps) => {
        const heap = new Heap();
        const live: { at: number; bytes: number }[] = [];
        for (const { bytes, free } of steps) {
          if (free % 3 === 0 && live.length > 0) {
            const [block] = live.splice(free % live.length, 1);
            if (block) heap.give(block.at, block.bytes);
          } else live.push({ at: heap.take(bytes), bytes });
        }
        const length = (bytes: number): number => Math.max(64, Math.ceil(bytes / 64) * 64);
        const sorted = live.toSorted((a, b) => a.at - b.at);
        expect(sorted.every((block, i) => i === 0 || (sorted[i - 1]?.at ?? 0) + length(sorted[i - 1]?.bytes ?? 0) <= block.at)).toBe(true);
        expect(heap.report().live).toBe(live.reduce((sum, { bytes }) => sum + length(bytes), 0));
      }),
      { seed: 1 },
    );
  });

  it("needs no new memory when the same sizes recur", () => {
    const heap = new Heap();
    const step = (): void => {
      const blocks = [300, 20, 300, 4000].map((bytes) => ({ at: heap.take(bytes), bytes }));
      for (const { at, bytes } of blocks) heap.give(at, bytes);
    };
    step();
    const { top } = heap.report();
    for (let i = 0; i < 5; i++) step();
    expect(heap.report().top).toBe(top);
  });

  it("puts no block across a boundary, and uses the space before it", () => {
    const heap = new Heap(() => undefined, { alignment: 256, span: 1024, first: "last" });
    const [a, b, c] = [heap.take(512), heap.take(512), heap.take(256)];
    expect([a, b, c]).toEqual([256, 1024, 768]);
    expect(() => heap.take(1025)).toThrow("a tensor needs 0.0 MB of at most 0.0 MB");
  });

  it("puts no block across a boundary, whatever is taken and freed", () => {
    const requests = fc.array(fc.record({ bytes: fc.integer({ min: 0, max: 1000 }), free: fc.nat() }), { maxLength: 200 });
    fc.assert(
      fc.property(requests, fc.constantFrom("last" as const, "lowest" as const), (steps, first) => {
        const heap = new Heap(() => undefined, { alignment: 64, span: 1024, first });
        const live: { at: number; bytes: number }[] = [];
        for (const { bytes, free } of steps) {
          if (free % 3 === 0 && live.length > 0) {
            const [block] = live.splice(free % live.length, 1);
            if (block) heap.give(block.at, block.bytes);
          } else live.push({ at: heap.take(bytes), bytes });
        }
        const sorted = live.toSorted((a, b) => a.at - b.at).map(({ at, bytes }) => ({ at, end: at + heap.rounded(bytes) }));
        expect(sorted.every(({ at, end }) => Math.floor(at / 1024) === Math.floor((end - 1) / 1024))).toBe(true);
        expect(sorted.every(({ at }, i) => i === 0 || (sorted[i - 1]?.end ?? 0) <= at)).toBe(true);
      }),
      { seed: 2 },
    );
  });

  it("gives a program the same addresses in every run, if the lowest block is used first", () => {
    const addressesOf = (heap: Heap): readonly number[] => {
      const taken = [300, 20, 300, 4000, 300].map((bytes) => ({ at: heap.take(bytes), bytes }));
      for (const { at, bytes } of taken) heap.give(at, bytes);
      return taken.map(({ at }) => at);
    };
    const heap = new Heap(() => undefined, { alignment: 64, span: Infinity, first: "lowest" });
    const before = addressesOf(heap);
    expect([addressesOf(heap), addressesOf(heap)]).toEqual([before, before]);
    const other = new Heap();
    expect(addressesOf(other)).not.toEqual(addressesOf(other)); // with the last one first, they are exchanged
  });
});
