/** erf, Φ and GELU against correctly rounded values (fixtures/gelu). */
import { describe, expect, it } from "vitest";
import { ulps } from "../../src/check/close.ts";
import { evaluateOne, type HostArray } from "../../src/check/host.ts";
import { referenceBounds } from "../../src/check/tolerance.ts";
import { referenceEngine } from "../../src/engines/reference/engine.ts";
import { erf, normalCdf } from "../../src/engines/reference/normal.ts";
import { gelu } from "../../src/ops/gelu.ts";
import { tensorOf, tensorsOf } from "../helpers/fixtures.ts";

const fixture = tensorsOf("gelu/gelu.safetensors");

/** In the tail, products of subnormal numbers have few bits: 2⁻¹⁰⁶⁰ is 2¹⁴ times the smallest number. */
const UNDERFLOW = 2 ** -1060;

/** One line for each value whose error exceeds both 4 ulp and what underflow explains. */
function offOf(prefix: string, name: string, actual: HostArray): readonly string[] {
  const [x, expected] = [tensorOf(fixture, `${prefix}x`), tensorOf(fixture, `${prefix}${name}`)];
  return [...expected.data].flatMap((want, i) => {
    const got = actual.data[i] ?? NaN;
    const off = ulps(got, want);
    return off <= referenceBounds.ulps.bound || Math.abs(got - want) <= UNDERFLOW
      ? []
      : [`${name}(${x.data[i]}): ${got} instead of ${want}, ${off} ulp`];
  });
}

const mapped = (prefix: string, f: (x: number) => number): HostArray => {
  const { shape, data } = tensorOf(fixture, `${prefix}x`);
  return { shape, data: data.map(f) };
};

describe.each([
  ["|x| ≤ 12", ""],
  ["|x| up to 1e300", "extreme."],
])("for %s", (_, prefix) => {
  it("erf is within 4 ulp", () => {
    expect(offOf(prefix, "erf", mapped(prefix, erf))).toEqual([]);
  });

  it("Φ is within 4 ulp", () => {
    expect(offOf(prefix, "Phi", mapped(prefix, normalCdf))).toEqual([]);
  });

  it("GELU is within 4 ulp", async () => {
    const { shape, data } = tensorOf(fixture, `${prefix}x`);
    const actual = await evaluateOne(referenceEngine(), (k) => gelu.forward(k, { x: k.upload(shape, data) }).out);
    expect(offOf(prefix, "gelu", actual)).toEqual([]);
  });
});

it("GELU's derivative Φ + xφ agrees, as a share of its larger summand", async () => {
  const [{ shape, data }, { data: expected }] = [tensorOf(fixture, "x"), tensorOf(fixture, "gelu_grad")];
  const actual = await evaluateOne(referenceEngine(), (k) => {
    const ones = k.upload(
      shape,
      data.map(() => 1),
    );
    return gelu.vjp(k, { x: k.upload(shape, data) }, ones).x;
  });
  const shares = [...expected].map((want, i) => {
    const cdf = tensorOf(fixture, "Phi").data[i] ?? NaN;
    return Math.abs((actual.data[i] ?? NaN) - want) / Math.max(cdf, Math.abs(want - cdf));
  });
  expect(Math.max(...shares)).toBeLessThanOrEqual(referenceBounds.source.bound);
});
