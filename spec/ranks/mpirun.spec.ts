/** Real ranks, started by the launchers that are installed. */
import { expect, it } from "vitest";
import { run, withMpi } from "./mpi.ts";

interface Sums {
  readonly rank: number;
  readonly count: number;
  readonly members: readonly { readonly host: string; readonly pid: number }[];
  readonly found: Readonly<Record<string, readonly (number | string)[]>>;
  readonly wide: readonly number[];
  readonly gathered: readonly (readonly unknown[])[];
}

const numbersOf = (length: number, rank: number): Float32Array =>
  Float32Array.from({ length }, (_, i) => Math.sin(1 + i * 13 + rank * 7) * 10 ** ((i + rank) % 5));

/** ((0 + 1) + (2 + 3)) in f32. */
const treeOf = (all: readonly Float32Array[]): Float32Array => {
  const [first = new Float32Array(), ...rest] = all;
  if (rest.length === 0) return first;
  const [lower, upper] = [treeOf(all.slice(0, all.length / 2)), treeOf(all.slice(all.length / 2))];
  return lower.map((x, i) => x + (upper[i] ?? NaN));
};

withMpi("sums", (mpirun) => {
  it.each([1, 2, 4])("of %i ranks are the same on all, and ordered ones are those of the tree, bit by bit", async (count) => {
    const job = await run(mpirun, count, ["sums"]);
    const ranks = job.told.map((line): Sums => JSON.parse(line)).toSorted((a, b) => a.rank - b.rank);
    expect([job.status, ranks.length]).toEqual([0, count]);
    const [first] = ranks;
    for (const [i, { rank, found, wide, gathered, members }] of ranks.entries()) {
      expect([rank, members.length, new Set(members.map(({ pid }) => pid)).size]).toEqual([i, count, count]);
      expect([found, wide]).toEqual([first?.found, first?.wide]);
      expect(gathered).toEqual([ranks.map((one) => ({ rank: one.rank })), ranks.map((one) => "é".repeat(one.rank))]);
    }
    for (const length of [0, 1, 3, 5000]) {
      const expected = treeOf(ranks.map(({ rank }) => numbersOf(length, rank)));
      expect(first?.found[`ordered  ${length}`]).toEqual([...expected]);
      for (const wire of ["f32", "f16"])
        for (const [j, x] of (first?.found[`fast ${wire} ${length}`] ?? []).entries())
          expect(Math.abs(Number(x) - (expected[j] ?? NaN))).toBeLessThan(wire === "f32" ? 0.01 : 20);
    }
    expect(first?.wide[0]).toBeCloseTo((0.1 * count * (count - 1)) / 2, 14);
  });

  it("are taken by a process that a rank has started, if the connection is passed on", async () => {
    const job = await run(mpirun, 2, ["nested"]);
    expect([job.status, job.told.map((line): Sums => JSON.parse(line)).map(({ count }) => count)]).toEqual([0, [2, 2]]);
  });

  it("of 3 ranks need another reduction, which the message names", async () => {
    const [first] = (await run(mpirun, 3, ["sums"])).told.map((line): Sums => JSON.parse(line));
    expect(first?.found["ordered  3"]).toEqual(["3 ranks: an ordered sum needs 1, 2, 4, 8, … ranks; --reduce fast takes any number"]);
    expect(first?.found["fast f32 3"]?.length).toBe(3);
  });

  it.each([
    ["/nowhere/libmpi.so", "MPI: DEIT_MPI=/nowhere/libmpi.so cannot be loaded"],
    ["libc.so.6", "MPI: libc.so.6 is no MPI library: it has no MPI_Init_thread"],
  ])("with DEIT_MPI=%s are refused in one line", async (library, message) => {
    const job = await run(mpirun, 1, ["sums"], { DEIT_MPI: library });
    expect(job.told[0]).toContain(message);
    expect(job.status).toBe(2);
  });
});
