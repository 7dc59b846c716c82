/** Which tensors are alive: the rules of memory, on every engine. */
import { describe, expect, it } from "vitest";
import { abstractEngine } from "../../src/engines/abstract/engine.ts";
import { referenceEngine } from "../../src/engines/reference/engine.ts";
import { wasmEngine } from "../../src/wasm.ts";
import type { Kernels } from "../../src/kernels/kernels.ts";
import { StaleError } from "../../src/tensor/errors.ts";
import { size, type Tensor } from "../../src/tensor/tensor.ts";

const engines = [
  ["reference", referenceEngine],
  ["abstract", abstractEngine],
  ["wasm", wasmEngine],
] as const;

const ones = (k: Kernels, ...shape: number[]): Tensor => k.upload(shape, new Float64Array(size(shape)).fill(1));

describe.each(engines)("regions on %s", (_, makeEngine) => {
  it("free a temporary when they close; the error for its stale handle has the kernel, the shape and the region", async () => {
    const { kernels: k } = await makeEngine();
    const leaked: Tensor[] = [];
    k.region("blocks.3.attn", () => {
      leaked.push(k.square(ones(k, 2, 3)));
      return null;
    });
    expect(() => k.exp(leaked[0] ?? ones(k, 1))).toThrow(
      new StaleError("exp: tensor [2, 3] is stale: freed when region blocks.3.attn closed"),
    );
  });

  it("move what the result reaches to the region around them", async () => {
    const engine = await makeEngine();
    const k = engine.kernels;
    const before = engine.memory().live;
    const { kept } = k.region("outer", () => k.region("inner", () => ({ kept: k.square(ones(k, 4)), n: 3, none: null })));
    k.exp(kept);
    expect(engine.memory().live).toBeGreaterThan(before);
  });

  it("leave an input that passes through with its owner", async () => {
    const { kernels: k } = await makeEngine();
    const x = ones(k, 2);
    expect(k.region("a", () => k.region("b", () => x))).toBe(x);
    k.square(x);
  });

  it("free as many bytes after an exception as after a return", async () => {
    const engine = await makeEngine();
    const k = engine.kernels;
    const before = engine.memory().live;
    const failing = (): never => {
      k.square(ones(k, 100));
      throw new Error("planted");
    };
    expect(() => k.region("r", failing)).toThrow("planted");
    expect(engine.memory().live).toBe(before);
    k.region("after", () => k.square(ones(k, 2)));
  });

  it("keep a view alive exactly as long as its block", async () => {
    const engine = await makeEngine();
    const k = engine.kernels;
    const [row, column] = k.region("r", () => {
      const x = ones(k, 2, 3);
      return [k.reshape(x, [6]), k.reshape(x, [6, 1])] as const;
    });
    k.exp(row);
    engine.release(row);
    expect(() => k.exp(column)).toThrow("stale: released");
  });

  it("refuse results in which tensors could hide", async () => {
    const { kernels: k } = await makeEngine();
    expect(() => k.region("r", () => Promise.resolve(ones(k, 1)))).toThrow("got Promise");
    expect(() => k.region("r", () => ({ pullback: () => ones(k, 1) }))).toThrow("may not hold a function");
    expect(() => k.region("r", () => new Map([["x", ones(k, 1)]]))).toThrow("got Map");
  });

  it("refuse a stale result", async () => {
    const { kernels: k } = await makeEngine();
    const dead: Tensor[] = [];
    k.region("a", () => {
      dead.push(ones(k, 2));
      return null;
    });
    expect(() => k.region("b", () => dead)).toThrow("region b: returns a stale tensor [2]");
  });

  it("make every handle of a donated block stale, and refuse to donate one block twice", async () => {
    const { kernels: k } = await makeEngine();
    const zeros = k.zeros([4]);
    expect(() => k.donate({ m: zeros, v: zeros })).toThrow("two handles of one block?");
    expect(() => k.add(zeros, zeros)).toThrow("add: tensor [4] is stale: donated");
  });

  it("refuse a tensor of another engine", async () => {
    const [{ kernels: a }, { kernels: b }] = [await makeEngine(), await makeEngine()];
    expect(() => a.add(ones(a, 1), ones(b, 1))).toThrow("add: tensor [1] belongs to another engine");
  });

  it("check every tensor of a list", async () => {
    const engine = await makeEngine();
    const k = engine.kernels;
    const x = ones(k, 2);
    engine.release(x);
    expect(() => k.concat([ones(k, 2), x], 0)).toThrow("concat: tensor [2] is stale");
  });

  it("treat empty tensors like any other", async () => {
    const { kernels: k } = await makeEngine();
    expect(k.concat([k.zeros([0, 3]), ones(k, 2, 3)], 0).shape).toEqual([2, 3]);
    expect(k.matmul(k.zeros([0, 3]), ones(k, 3, 5)).shape).toEqual([0, 5]);
  });
});

describe("last uses", () => {
  it.each(engines)("on %s move what the caller's region owns into the next region, where it dies", async (_, makeEngine) => {
    const engine = await makeEngine();
    const k = engine.kernels;
    k.region("outer", () => {
      const x = ones(k, 8);
      const y = k.region("inner", () => k.square(x), undefined, x);
      expect(() => k.exp(x)).toThrow("stale: freed when region inner closed");
      return y;
    });
  });

  it.each(engines)("on %s never move what the root owns", async (_, makeEngine) => {
    const { kernels: k } = await makeEngine();
    const x = ones(k, 8);
    k.region("inner", () => k.square(x), undefined, x);
    expect(k.exp(x).shape).toEqual([8]);
  });
});

describe("reading", () => {
  it("takes the value at the call, so that the tensor may be freed at once", async () => {
    const engine = referenceEngine();
    const k = engine.kernels;
    const reads: Promise<Float64Array | Float32Array>[] = [];
    k.region("r", () => {
      reads.push(engine.read(k.square(k.upload([2], [3, 4]))));
      return null;
    });
    k.upload([2], [0, 0]);
    expect([...((await reads[0]) ?? [])]).toEqual([9, 16]);
  });

  it("is refused by the abstract engine", async () => {
    const engine = abstractEngine();
    await expect(engine.read(ones(engine.kernels, 2))).rejects.toThrow("abstract: this engine has shapes and no numbers");
  });
});
