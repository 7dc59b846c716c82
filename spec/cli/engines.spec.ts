import { describe, expect, it } from "vitest";
import { deit, json } from "./deit.ts";

describe("deit engines", () => {
  it("prints the contract's JSON: the reference and WASM run, the others come later", () => {
    expect(json(["engines"])).toEqual({
      engines: [
        { name: "reference", available: true, features: expect.arrayContaining(["f64"]) },
        { name: "wasm", available: true, features: expect.arrayContaining(["f32", "SIMD"]) },
        ...["wasm-fma", "webgpu"].map((name) => ({
          name,
          available: false,
          reason: "comes with a later release",
          features: expect.any(Array),
        })),
      ],
    });
  });

  it("says what this Node offers", () => {
    const { status, stdout } = deit(["engines"]);
    expect(status).toBe(0);
    expect(stdout).toMatch(/\nwasm +yes +f32, 1 thread, SIMD, shared memory\n/);
  });
});
