/** Which GPU a rank computes on. */
import { describe, expect, it } from "vitest";
import { adapterOfRank } from "../../src/ranks/adapterOfRank.ts";
import { localPlaceOf } from "../../src/ranks/launch.ts";

const gpu = { name: "NVIDIA H100 80GB HBM3" };
const swiftShader = { name: "SwiftShader Device (Subzero)" };

describe("the place of a rank on its host", () => {
  it("is what its launcher says", () => {
    expect(localPlaceOf({ OMPI_COMM_WORLD_LOCAL_RANK: "1", OMPI_COMM_WORLD_LOCAL_SIZE: "4" })).toEqual({
      index: 1,
      count: 4,
      by: "mpirun",
    });
    expect(localPlaceOf({ MPI_LOCALRANKID: "0", MPI_LOCALNRANKS: "2", SLURM_LOCALID: "0" })).toEqual({ index: 0, count: 2, by: "mpirun" });
    expect(localPlaceOf({ SLURM_LOCALID: "3" })).toEqual({ index: 3, count: 4, by: "srun" });
    expect(localPlaceOf({})).toBeNull();
  });
});

describe("the adapter of a rank", () => {
  const ofRanks = (count: number, adapters: readonly { readonly name: string }[], by: "mpirun" | "srun" = "mpirun"): readonly unknown[] =>
    Array.from({ length: count }, (_, index) => adapterOfRank({ index, count, by }, adapters));

  it("is the host's next GPU", () => {
    expect(ofRanks(2, [gpu, gpu])).toEqual([0, 1]);
    expect(ofRanks(2, [swiftShader, gpu, gpu, gpu])).toEqual([1, 2]);
  });

  it("is no GPU where there are only software adapters, which all share", () => {
    expect(ofRanks(3, [swiftShader])).toEqual([null, null, null]);
    expect(ofRanks(1, [])).toEqual([null]);
  });

  it("is the only one that a task of Slurm sees", () => {
    expect(ofRanks(4, [gpu], "srun")).toEqual([0, 0, 0, 0]);
    expect(ofRanks(2, [gpu, gpu], "srun")).toEqual([0, 1]);
  });

  it("is missing where a host has fewer GPUs than ranks, on each of its ranks", () => {
    for (const index of [0, 1, 2])
      expect(() => adapterOfRank({ index, count: 3, by: "mpirun" }, [gpu, gpu])).toThrow(
        "needs a GPU for each of the 3 ranks of this host, which has 2: as many ranks as GPUs would be right, as mpirun --map-by ppr:2:node gives, or --adapter swiftshader",
      );
  });
});
