/**
 * Sums over any number of ranks with halves on the wire, for which MPI has no type. Each rank sums one segment: all others send it theirs in f16, it adds them in f32 in the
 * order of the ranks, and sends the sums, in f16, to all. So an element is rounded to f16 once as a term and once as a sum, whatever the number of ranks.
 */
import { packHalves, unpackHalves } from "../tensor/half.ts";
import { all, bytesOf, others, type Links, type Work } from "./links.ts";
import { add } from "./orderedSum.ts";

/** Replaces the numbers by their sums over all ranks, rounded to f16. */
export function* halfSum(links: Links, numbers: Float32Array): Work<void> {
  const { rank, count } = links;
  const bound = (i: number): number => Math.floor((i * numbers.length) / count);
  const own = numbers.subarray(bound(rank), bound(rank + 1));
  const halves = packHalves(numbers);
  const segments = Array.from({ length: count }, (_, i) => halves.subarray(bound(i), bound(i + 1)));
  const terms = segments.map(() => new Uint16Array(own.length));

  terms[rank]?.set(segments[rank] ?? []);
  yield all(others(links).flatMap((other) => [
    links.send(other, bytesOf(segments[other] ?? halves)),
    links.receive(other, bytesOf(terms[other] ?? halves)),
  ])); // prettier-ignore
  own.fill(0);
  for (const term of terms) add(own, unpackHalves(term));

  segments[rank]?.set(packHalves(own));
  yield all(others(links).flatMap((other) => [
    links.send(other, bytesOf(segments[rank] ?? halves)),
    links.receive(other, bytesOf(segments[other] ?? halves)),
  ])); // prettier-ignore
  numbers.set(unpackHalves(halves));
}
