/** Which GPU a rank computes on. */
import { describe, expect, it } from "vitest";
import { adapterOfRank } from "../../src/ranks/adapterOfRank.ts";

const members = (hosts: string): readonly { readonly host: string; readonly pid: number }[] =>
  hosts.split("").map((host, pid) => ({ host, pid }));
const gpu = { name: "NVIDIA H100 80GB HBM3" };
const swiftShader = { name: "SwiftShader Device (Subzero)" };

describe("the adapter of a rank", () => {
  it("is the host's next GPU, in whatever order the ranks lie on the hosts", () => {
    expect([0, 1, 2, 3].map((rank) => adapterOfRank(members("aabb"), rank, [gpu, gpu]))).toEqual([0, 1, 0, 1]);
    expect([0, 1, 2, 3].map((rank) => adapterOfRank(members("abab"), rank, [swiftShader, gpu, gpu]))).toEqual([1, 1, 2, 2]);
  });

  it("may be a software adapter that all share", () => {
    expect([0, 1, 2].map((rank) => adapterOfRank(members("aaa"), rank, [swiftShader]))).toEqual([0, 0, 0]);
  });

  it("is missing where a host has fewer GPUs than ranks, on each of its ranks", () => {
    for (const rank of [0, 1, 2])
      expect(() => adapterOfRank(members("aaab"), rank, [gpu, gpu])).toThrow(
        "3 ranks on a, which has 2 GPUs: as many ranks as GPUs would be right, as mpirun --map-by ppr:2:node gives, or --adapter swiftshader",
      );
    expect(() => adapterOfRank(members("a"), 0, [])).toThrow("rank 0 on a needs an adapter, and none is there");
  });
});
