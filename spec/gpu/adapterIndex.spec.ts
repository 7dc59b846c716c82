/** Adapters chosen by their index in the list of `deit engines`. */
import { describe, expect, it } from "vitest";
import { isIndex, nameAt } from "../../src/gpu/adapter.ts";

const h100 = { name: "NVIDIA H100 80GB HBM3", backend: "vulkan" };
const software = { name: "llvmpipe (LLVM 15)", backend: "vulkan" };

describe("the adapter at an index", () => {
  it("is found by its name", () => {
    expect([0, 1].map((i) => nameAt(i, [h100, software]))).toEqual([h100.name, software.name]);
    expect(["0", "12", "RTX 4090", "vulkan", null].map(isIndex)).toEqual([true, true, false, false, false]);
  });

  it("that does not exist is refused with the list", () => {
    expect(() => nameAt(2, [h100, software])).toThrow(
      "needs an adapter 2, which is not here: 0 is NVIDIA H100 80GB HBM3 (vulkan), 1 is llvmpipe (LLVM 15) (vulkan)",
    );
    expect(() => nameAt(0, [])).toThrow("needs an adapter 0, which is not here, nor is any other");
  });

  it("that has the name of an earlier one is refused, since Dawn would open that", () => {
    expect(() => nameAt(1, [h100, h100])).toThrow("cannot open adapter 1, since Dawn chooses by name, and adapter 0 has the same");
  });
});
