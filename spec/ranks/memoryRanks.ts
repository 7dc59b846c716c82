/** Ranks of one process, for specs without MPI: what they send is kept, and summed when the last of them has sent its part. */
import { checkReduction, type Ranks, type Reduction } from "../../src/ranks/ranks.ts";

type Numbers = Float32Array | Float64Array;

/** A rank, and the lengths of what it has sent so far, in order. */
export interface MemoryRank {
  readonly ranks: Ranks;
  readonly sent: readonly number[];
}

/** One sum: the parts of the ranks that have sent theirs. */
interface Round {
  readonly parts: Map<number, Numbers>;
  readonly whole: Promise<Numbers>;
  readonly resolve: (whole: Numbers) => void;
}

function newRound(): Round {
  let resolve: Round["resolve"] = () => undefined;
  const whole = new Promise<Numbers>((done) => (resolve = done));
  return { parts: new Map(), whole, resolve };
}

/** ((0 + 1) + (2 + 3)) + …, rounded to the format of the parts. */
function treeSum(parts: readonly Numbers[]): Numbers {
  const [first] = parts;
  if (first === undefined) throw new RangeError("treeSum: nothing to sum");
  if (parts.length === 1) return first;
  const half = parts.length / 2;
  const [left, right] = [treeSum(parts.slice(0, half)), treeSum(parts.slice(half))];
  return left.map((x, i) => x + (right[i] ?? NaN));
}

/** So many ranks, which sum in order. */
export function memoryRanks(count: number): readonly MemoryRank[] {
  const rounds: Round[] = [];
  const part = (rank: number, at: number, numbers: Numbers): Promise<Numbers> => {
    const { parts, whole, resolve } = (rounds[at] ??= newRound());
    parts.set(rank, numbers.slice());
    if (parts.size === count) resolve(treeSum([...parts].toSorted(([a], [b]) => a - b).map(([, one]) => one)));
    return whole;
  };
  const members = Array.from({ length: count }, (_, pid) => ({ host: "memory", pid }));
  const one = (rank: number): MemoryRank => {
    const sent: number[] = [];
    function sum(numbers: Float32Array, how: Reduction): Promise<Float32Array>;
    function sum(numbers: Float64Array, how: Reduction): Promise<Float64Array>;
    async function sum(numbers: Numbers, how: Reduction): Promise<Numbers> {
      checkReduction(how, count);
      sent.push(numbers.length);
      return (await part(rank, sent.length - 1, numbers)).slice();
    }
    const unused = (): never => {
      throw new Error("memory ranks only sum");
    };
    return { sent, ranks: { rank, count, members, sum, barrier: unused, gather: unused, close: unused, abort: unused } };
  };
  return members.map((_, rank) => one(rank));
}
