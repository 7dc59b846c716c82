/**
 * Sums over R = 2ⁿ ranks by a binary tree, neighbours first, by recursive halving and doubling (Thakur, Rabenseifner, Gropp 2005, "Optimization of collective
 * communication operations in MPICH", section 4.5), with the distances in the order that gives this tree.
 *
 * Halving: in step j = 0, 1, … n − 1 a rank and its partner at distance 2ʲ hold the sums over their own 2ʲ neighbours of the same segment. Each keeps one half of it,
 * sends the other, and adds what it receives to its own half: that is the tree's addition at height j, and since IEEE addition commutes, both sides
 * give the same bits. In the end each element's sum is on exactly one rank. Doubling: the same steps backwards, where the halves are exchanged as they are.
 * A rank sends N (½ + ¼ + …) = N (R − 1)/R numbers each way, as a ring would.
 */
import { all, bytesOf, type Links, type Work } from "./links.ts";

type Numbers = Float32Array | Float64Array;

/** Elements from … to − 1. */
interface Segment {
  readonly from: number;
  readonly to: number;
}

const slice = (numbers: Numbers, { from, to }: Segment): Numbers => numbers.subarray(from, to);

/** One step of the halving: the half of the segment that this rank keeps, and the half that its partner keeps. */
interface Step {
  readonly partner: number;
  readonly kept: Segment;
  readonly given: Segment;
}

function stepsOf(rank: number, count: number, length: number): readonly Step[] {
  const steps: Step[] = [];
  let segment: Segment = { from: 0, to: length };
  for (let distance = 1; distance < count; distance *= 2) {
    const { from, to } = segment;
    const middle = from + Math.floor((to - from) / 2);
    const [lower, upper] = [
      { from, to: middle },
      { from: middle, to },
    ];
    const isLower = (rank & distance) === 0;
    steps.push({ partner: rank ^ distance, kept: isLower ? lower : upper, given: isLower ? upper : lower });
    segment = isLower ? lower : upper;
  }
  return steps;
}

/** Elements that are received, and then added, at a time: adding the first ones does not wait for the last. */
const PIECE = 2 ** 18;

function piecesOf({ from, to }: Segment): readonly Segment[] {
  const count = Math.ceil((to - from) / PIECE);
  return Array.from({ length: count }, (_, i) => ({ from: from + i * PIECE, to: Math.min(to, from + (i + 1) * PIECE) }));
}

/** Adds numbers to others, element by element. */
export function add(into: Numbers, terms: Numbers): void {
  for (let i = 0; i < into.length; i++) into[i] = (into[i] ?? 0) + (terms[i] ?? 0);
}

/**
 * Replaces the numbers by their sums over all ranks, a power of two of them.
 *
 * @param scratch at least half as many numbers, rounded up
 */
export function* orderedSum<N extends Numbers>(links: Links, numbers: N, scratch: N): Work<void> {
  const steps = stepsOf(links.rank, links.count, numbers.length);
  for (const { partner, kept, given } of steps) {
    const sent = piecesOf(given).map((piece) => links.send(partner, bytesOf(slice(numbers, piece))));
    const received = piecesOf(kept).map((piece) => {
      const terms = slice(scratch, { from: piece.from - kept.from, to: piece.to - kept.from });
      return { piece, terms, isHere: links.receive(partner, bytesOf(terms)) };
    });
    for (const { piece, terms, isHere } of received) {
      yield isHere;
      add(slice(numbers, piece), terms);
    }
    yield all(sent);
  }
  for (const { partner, kept, given } of steps.toReversed())
    yield all([
      ...piecesOf(kept).map((piece) => links.send(partner, bytesOf(slice(numbers, piece)))),
      ...piecesOf(given).map((piece) => links.receive(partner, bytesOf(slice(numbers, piece)))),
    ]);
}
