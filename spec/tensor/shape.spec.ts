import { describe, expect, it } from "vitest";
import { shapeCheck } from "../../src/tensor/shape.ts";
import { tensor } from "../../src/tensor/tensor.ts";

const t = (...shape: number[]): object => tensor(shape, {});

describe("shapes as text", () => {
  const check = shapeCheck("op", { inputs: { x: "... D", params: { weight: "3D D", bias: "3D" } }, saved: { x: "... D" }, out: "... 3D" });
  const inputs = (x: object, weight: object, bias: object): object => ({ x, params: { weight, bias } });

  it("accept matching shapes, with any leading axes", () => {
    const call = (x: object, out: object) => (): void => check.forward(inputs(x, t(12, 4), t(12)))(out);
    expect(call(t(4), t(12))).not.toThrow();
    expect(call(t(2, 5, 4), t(2, 5, 12))).not.toThrow();
  });

  it("name the argument, its expected shape, the arguments that determine it, and the shape given", () => {
    expect(() => check.forward(inputs(t(2, 4), t(12, 4), t(11)))).toThrow("op: params.bias must be [3D] with D = 4 (from x), got [11]");
    expect(() => check.forward(inputs(t(2, 4), t(4, 12), t(12)))).toThrow(
      "op: params.weight must be [3D, D] with D = 4 (from x), got [4, 12]",
    );
  });

  it("share letters between inputs and output", () => {
    expect(() => check.forward(inputs(t(2, 4), t(12, 4), t(12)))(t(3, 12))).toThrow(
      "op: out must be [..., 3D] with ... = 2 (from x), D = 4 (from x), got [3, 12]",
    );
  });

  it("share letters between the saved record and the cotangent", () => {
    expect(() => check.vjp({ x: t(2, 4) }, t(2, 4))).toThrow(
      "op: dOut must be [..., 3D] with ... = 2 (from saved.x), D = 4 (from saved.x), got [2, 4]",
    );
  });

  it("may hold numbers, and multiples of letters", () => {
    const row = shapeCheck("op", { inputs: { token: "1 1 D", three: "3K" } });
    row.forward({ token: t(1, 1, 7), three: t(9) });
    expect(() => row.forward({ token: t(1, 2, 7), three: t(9) })).toThrow("op: token must be [1, 1, D], got [1, 2, 7]");
    expect(() => row.forward({ token: t(1, 1, 7), three: t(10) })).toThrow("op: three must be [3K], got [10]");
  });

  it("allow an absent tensor, and refuse a value that is not a tensor", () => {
    check.forward({ x: t(4), params: { weight: t(12, 4), bias: null } });
    expect(() => check.forward({ x: 3, params: null })).toThrow("op: x must be a tensor [..., D], got number");
    expect(() => check.forward({ params: { weight: t(12, 4), bias: t(12) } })).toThrow("op: x must be a tensor [..., D], got undefined");
  });

  it("show a scalar as []", () => {
    const scalar = shapeCheck("loss", { out: "" });
    scalar.forward({})(t());
    expect(() => scalar.forward({})(t(1))).toThrow("loss: out must be [], got [1]");
  });
});
