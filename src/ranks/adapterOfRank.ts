/** Which GPU a rank computes on: each rank of a host has one of its own. */
import type { Member } from "./ranks.ts";

/** Parts of the names of adapters that compute on the processor, which ranks may share. */
const SOFTWARE = /swiftshader|llvmpipe/i;

/**
 * The index of a rank's adapter in the list of its host: the n-th rank of a host takes the n-th GPU.
 *
 * @param adapters those of this rank's host, in the order of `deit engines`
 * @throws RangeError where a host has fewer GPUs than ranks, or no adapter
 */
export function adapterOfRank(members: readonly Member[], rank: number, adapters: readonly { readonly name: string }[]): number {
  const host = members[rank]?.host;
  const here = [...members.keys()].filter((other) => members[other]?.host === host);
  if (adapters.length === 0) throw new RangeError(`rank ${rank} on ${host} needs an adapter, and none is there`);
  const gpus = [...adapters.keys()].filter((i) => !SOFTWARE.test(adapters[i]?.name ?? ""));
  if (gpus.length === 0) return 0;
  const index = gpus[here.indexOf(rank)];
  if (index === undefined || here.length > gpus.length)
    throw new RangeError(
      `${here.length} ranks on ${host}, which has ${gpus.length === 1 ? "1 GPU" : `${gpus.length} GPUs`}: as many ranks as GPUs would be right, as mpirun --map-by ppr:${gpus.length}:node gives, or --adapter swiftshader`,
    );
  return index;
}
