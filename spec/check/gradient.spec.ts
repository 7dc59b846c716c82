import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { checkGradient, GradientError, type Arrays, type GradientCheck, type GradientReport, type HostArray } from "../../src/check.ts";

type Map1 = (value: number, i: number) => number;
const map = ({ shape, data }: HostArray, f: Map1): HostArray => ({ shape, data: data.map(f) });
const at = ({ data }: HostArray, i: number): number => data[i] ?? NaN;

/** y = x Wᵀ, x [n, k], w [m, k], by loops. */
function product({ x, w }: Arrays<"x" | "w">): HostArray {
  const [n = 0, k = 0] = x.shape;
  const [m = 0] = w.shape;
  const y = new Float64Array(n * m);
  for (let i = 0; i < n; i++)
    for (let j = 0; j < m; j++) for (let c = 0; c < k; c++) y[i * m + j] = (y[i * m + j] ?? 0) + at(x, i * k + c) * at(w, j * k + c);
  return { shape: [n, m], data: y };
}

function productVjp({ x, w }: Arrays<"x" | "w">, dy: HostArray): Arrays<"x" | "w"> {
  const [n = 0, k = 0] = x.shape;
  const [m = 0] = w.shape;
  const [dx, dw] = [new Float64Array(n * k), new Float64Array(m * k)];
  for (let i = 0; i < n; i++)
    for (let j = 0; j < m; j++)
      for (let c = 0; c < k; c++) {
        dx[i * k + c] = (dx[i * k + c] ?? 0) + at(dy, i * m + j) * at(w, j * k + c);
        dw[j * k + c] = (dw[j * k + c] ?? 0) + at(dy, i * m + j) * at(x, i * k + c);
      }
  return { x: { shape: [n, k], data: dx }, w: { shape: [m, k], data: dw } };
}

const linear: GradientCheck<"x" | "w"> = { name: "linear", forward: product, vjp: productVjp, inputs: { x: [3, 4], w: [5, 4] } };

/** The same check with one number of one gradient changed. */
function planted(input: "x" | "w", i: number, change: (g: number) => number): GradientCheck<"x" | "w"> {
  const vjp = (inputs: Arrays<"x" | "w">, dy: HostArray): Arrays<"x" | "w"> => {
    const grads = productVjp(inputs, dy);
    grads[input].data[i] = change(at(grads[input], i));
    return grads;
  };
  return { ...linear, vjp };
}

const unary = (name: string, f: (x: number) => number, slope: (x: number) => number): GradientCheck<"x"> => ({
  name,
  forward: ({ x }) => map(x, f),
  vjp: ({ x }, dy) => ({ x: map(x, (value, i) => slope(value) * at(dy, i)) }),
  inputs: { x: [2, 3] },
});

/** The error that a check rejects with. */
async function rejection(check: Promise<GradientReport>): Promise<GradientError> {
  const error: unknown = await check.then(
    () => null,
    (reason: unknown) => reason,
  );
  if (!(error instanceof GradientError)) throw new Error(`no GradientError but ${String(error)}`);
  return error;
}

describe("checkGradient of a correct gradient", () => {
  it("resolves to a report", async () => {
    const report = await checkGradient({ ...linear, seed: 3, cases: 20 });
    expect(report).toMatchObject({ name: "linear", cases: 20, seed: 3, tolerance: 1e-7 });
    expect(report.worst).toBeLessThan(1e-9);
  });

  it.each([
    ["of values near 0", unary("tiny", (x) => Math.sin(1e-3 * x), (x) => 1e-3 * Math.cos(1e-3 * x))], // prettier-ignore
    [
      "of large values",
      unary(
        "large",
        (x) => Math.exp(8 * x),
        (x) => 8 * Math.exp(8 * x),
      ),
    ],
    ["with a kink at 0", unary("relu", (x) => Math.max(x, 0), (x) => (x > 0 ? 1 : 0))], // prettier-ignore
    ["that is zero", unary("constant", () => 3, () => 0)], // prettier-ignore
  ])("holds %s", async (_, check) => {
    await expect(checkGradient(check)).resolves.toMatchObject({ cases: 100 });
  });

  it("holds where kinks may be near, for the maximum of many numbers", async () => {
    const largest = ({ data }: HostArray): number => data.reduce((a, b) => Math.max(a, b), -Infinity);
    const check = checkGradient({
      name: "max",
      forward: ({ x }) => ({ shape: [], data: Float64Array.of(largest(x)) }),
      vjp: ({ x }, dy) => ({ x: map(x, (value) => (value === largest(x) ? at(dy, 0) : 0)) }),
      inputs: { x: [60] },
    });
    await expect(check).resolves.toMatchObject({ cases: 100 });
  });

  it("holds for large inputs", async () => {
    await expect(checkGradient({ ...linear, inputs: { x: [4, 40], w: [30, 40] }, cases: 5 })).resolves.toMatchObject({ cases: 5 });
  });

  it("takes fast-check arbitraries, and asynchronous functions", async () => {
    const positive = fc.array(fc.double({ min: 0.5, max: 4, noNaN: true }), { minLength: 3, maxLength: 3 });
    const check = checkGradient({
      name: "log",
      forward: ({ x }) => Promise.resolve(map(x, Math.log)),
      vjp: ({ x }, dy) => Promise.resolve({ x: map(x, (value, i) => at(dy, i) / value) }),
      inputs: { x: positive.map((data) => ({ shape: [3], data: Float64Array.from(data) })) },
    });
    await expect(check).resolves.toMatchObject({ name: "log" });
  });

  it("draws the same cases for the same seed", async () => {
    const [first, second, other] = [await checkGradient(linear), await checkGradient(linear), await checkGradient({ ...linear, seed: 1 })];
    expect(second).toEqual(first);
    expect(other.worst).not.toBe(first.worst);
  });
});

describe("checkGradient of a wrong gradient", () => {
  it.each([
    ["a sign", (g: number) => -g],
    ["a factor", (g: number) => 2 * g],
    ["a thousandth", (g: number) => 1.001 * g],
    ["a part in a million", (g: number) => g * (1 + 1e-6)],
    ["a term left out", () => 0],
  ])("finds %s in one coordinate, and names it with both values", async (_, change) => {
    const error = await rejection(checkGradient(planted("w", 13, change)));
    expect(error.finding).toMatchObject({ input: "w", index: [3, 1] });
    const { analytic = NaN, numeric = NaN } = error.finding ?? {};
    expect(analytic).toBeCloseTo(change(numeric), 6);
    expect(error.message).toContain(`linear: w[3, 1]: the gradient is ${analytic}, finite differences give ${numeric} (relative error `);
  });

  it("finds one coordinate of 1200", async () => {
    const check = { ...planted("w", 777, (g) => 1.5 * g), inputs: { x: [4, 40], w: [30, 40] }, cases: 3 };
    expect((await rejection(checkGradient(check))).finding).toMatchObject({ input: "w", index: [19, 17] });
  });

  it("shrinks the inputs that show it", async () => {
    const wrongAbove2 = unary("square", (x) => x * x, (x) => (x > 2 ? 3 * x : 2 * x)); // prettier-ignore
    const { inputs, message } = await rejection(checkGradient(wrongAbove2));
    const data = [...(inputs["x"]?.data ?? [])];
    expect(data.filter((x) => x > 2)).toHaveLength(1);
    expect(data.filter((x) => Math.abs(x) < 0.1)).toHaveLength(5);
    expect(message).toMatch(/; seed 0, path "[\d:]+", inputs: x \[2, 3\] = /);
  });

  it.each([NaN, Infinity])("reports a gradient of %d as such", async (value) => {
    const error = await rejection(checkGradient(planted("x", 5, () => value)));
    expect(error.finding).toMatchObject({ input: "x", index: [1, 1], analytic: value, error: Infinity });
    expect(error.message).toContain(`linear: x[1, 1]: the gradient is ${value}, finite differences give `);
  });

  it("reports an output that is not finite", async () => {
    const root = unary("root", Math.sqrt, (x) => 0.5 / Math.sqrt(x));
    expect((await rejection(checkGradient(root))).message).toMatch(
      /^root: the output of forward is NaN at \[\d, \d\]; seed 0, path "[\d:]+", inputs: x \[2, 3\] = /,
    );
  });

  it("reports a gradient that is missing, superfluous, or of a wrong shape", async () => {
    const returning = (grads: (right: Arrays<"x" | "w">) => unknown): Promise<GradientError> =>
      rejection(
        Reflect.apply(checkGradient, undefined, [
          { ...linear, vjp: (inputs: Arrays<"x" | "w">, dy: HostArray) => grads(productVjp(inputs, dy)) },
        ]),
      );
    expect((await returning(({ x }) => ({ x }))).message).toContain("linear: vjp returns no gradient of w; ");
    expect((await returning((right) => ({ ...right, v: right.w }))).message).toContain(
      "linear: vjp returns a gradient of v, which is not an input; ",
    );
    expect((await returning(({ w }) => ({ x: w, w }))).message).toContain("linear: the gradient of x must have shape [3, 4], got [5, 4]; ");
    expect((await returning(({ x }) => ({ x, w: [1, 2] }))).message).toContain(
      "linear: the gradient of w must be { shape, data: Float64Array }, got an array; ",
    );
  });

  it("reports an error that the function throws", async () => {
    const broken = { ...linear, forward: () => { throw new Error("out of cheese"); } }; // prettier-ignore
    expect((await rejection(checkGradient(broken))).message).toContain("linear: forward threw Error: out of cheese; seed 0");
  });

  it("applies the given tolerance", async () => {
    const slightly = planted("x", 0, (g) => g * (1 + 1e-4));
    await expect(checkGradient({ ...slightly, tolerance: 1e-3 })).resolves.toMatchObject({ tolerance: 1e-3 });
    await expect(checkGradient({ ...slightly, tolerance: 1e-5 })).rejects.toThrow("tolerance 0.00001");
  });
});

describe("deit/check outside of a test runner", () => {
  it("resolves and rejects", () => {
    const script = `
      import { checkGradient } from "deit/check";
      const map = ({ shape, data }, f) => ({ shape, data: data.map(f) });
      const square = (factor) => ({
        name: "square", inputs: { x: [3] },
        forward: ({ x }) => map(x, (v) => v * v),
        vjp: ({ x }, dy) => ({ x: map(x, (v, i) => factor * v * dy.data[i]) }),
      });
      console.log((await checkGradient(square(2))).cases, await checkGradient(square(3)).catch((error) => error.name));`;
    const root = fileURLToPath(new URL("../..", import.meta.url));
    const { stdout, stderr } = spawnSync(process.execPath, ["--input-type=module", "-e", script], { cwd: root, encoding: "utf8" });
    expect({ stdout, stderr }).toEqual({ stdout: "100 GradientError\n", stderr: "" });
  });
});
