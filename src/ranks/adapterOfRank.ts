/** Which GPU a rank computes on: each rank of a host has one of its own. */
import type { LocalPlace } from "./launch.ts";

/** Parts of the names of adapters that compute on the processor, which ranks may share. */
const SOFTWARE = /swiftshader|llvmpipe/i;

/**
 * The index of a rank's adapter in the list of its host: the n-th rank of a host takes the n-th GPU. A GPU that is alone is that of every process:
 * Slurm shows each only its own.
 *
 * @param adapters those of this rank's host, in the order of `deit engines`
 * @returns null: there is no GPU
 * @throws RangeError where a host has fewer GPUs than ranks
 */
export function adapterOfRank({ index, count, by }: LocalPlace, adapters: readonly { readonly name: string }[]): number | null {
  const gpus = [...adapters.keys()].filter((i) => !SOFTWARE.test(adapters[i]?.name ?? ""));
  if (gpus.length === 0) return null;
  const found = gpus.length === 1 && by === "srun" ? gpus[0] : gpus[index];
  if (found === undefined || (by !== "srun" && count > gpus.length))
    throw new RangeError(
      `needs a GPU for each of the ${count} ranks of this host, which has ${gpus.length}: as many ranks as GPUs would be right, as mpirun --map-by ppr:${gpus.length}:node gives, or --adapter swiftshader`,
    );
  return found;
}
