import { describe, expect, it } from "vitest";
import { runRow, type Row } from "../../src/check/laws/row.ts";
import { tolerances } from "../../src/check/tolerance.ts";
import { referenceEngine } from "../../src/engines/reference/engine.ts";
import { DeviceLostError } from "../../src/tensor/errors.ts";
import { singleEngine } from "../helpers/singleEngine.ts";

const { f64, f32 } = tolerances.equation;
const between = Math.sqrt(f64.bound * f32.bound);
const row: Row = { id: "E0", title: "an error between the bounds of f64 and f32", tolerance: tolerances.equation, error: () => between };

describe("a row", () => {
  const reference = referenceEngine();
  const on = { cases: 1, seed: 0 };

  it("uses the bound of the engine's precision, which its report names", async () => {
    expect(await runRow(row, { engine: reference, reference }, on)).toMatchObject({ status: "off", tolerance: f64.bound });
    expect(await runRow(row, { engine: singleEngine(), reference }, on)).toMatchObject({ status: "ok", tolerance: f32.bound });
  });

  it("uses the bound of f64 if it needs no engine", async () => {
    const host: Row = { ...row, host: true };
    expect(await runRow(host, { engine: singleEngine(), reference }, on)).toMatchObject({ status: "off", tolerance: f64.bound });
  });

  it("draws numbers of the engine's precision", async () => {
    const rounded: Row = { ...row, error: (_, draw) => (draw.round(0.1) === 0.1 ? 1 : 0) };
    expect(await runRow(rounded, { engine: singleEngine(), reference }, on)).toMatchObject({ status: "ok" });
  });

  it("rejects if the device is lost, without a report", async () => {
    const lost = new DeviceLostError("gone");
    const row: Row = { id: "E0", title: "", tolerance: tolerances.equation, error: () => Promise.reject(lost) };
    await expect(runRow(row, { engine: reference, reference }, on)).rejects.toBe(lost);
  });
});
