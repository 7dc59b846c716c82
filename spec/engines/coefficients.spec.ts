/** The coefficients that stand in both languages: in assembly/ for WASM and in the WGSL of the webgpu engine. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { exponential, logarithm, normal } from "../../src/engines/webgpu/kernels/math.ts";

const root = join(import.meta.dirname, "../..");
const textOf = (path: string): string => readFileSync(join(root, path), "utf8");

/** Constants of assembly/math.ts by name, as f32. */
const assembly: ReadonlyMap<string, readonly number[]> = new Map(
  [...textOf("assembly/math.ts").matchAll(/^const (\w+): usize = memory\.data<f32>\(\[([^\]]*)\]\);/gm)].map(([, name = "", list = ""]) => [
    name,
    list.split(",").flatMap((text) => (text.trim() === "" ? [] : [Math.fround(Number(text))])),
  ]),
);

/** The decimal numbers of a WGSL text in order, as f32. */
const numbersOf = (wgsl: string): readonly number[] =>
  [...wgsl.matchAll(/(?<![\w.])-?\d+\.\d+(?:e-?\d+)?|(?<![\w.])-?\d+e-?\d+/g)].map(([text]) => Math.fround(Number(text)));

/** Whether a list has another one in it, without gaps. */
const hasRun = (list: readonly number[], run: readonly number[]): boolean =>
  list.some((_, start) => run.every((number, i) => Object.is(list[start + i], number)));

/** Whether a list has a number, of either sign: WGSL writes a subtraction where assembly/ adds a negative constant. */
const has = (list: readonly number[], number: number): boolean => list.some((other) => Math.abs(other) === Math.abs(number));

/** What each WGSL text takes over: polynomials, highest power first, and single constants. */
const shared = {
  exponential: {
    wgsl: exponential.code,
    polynomials: ["EXP_G"],
    constants: ["LN_2_HIGH", "LN_2_EXCESS", "INVERSE_LN_2", "EXP_LARGEST", "EXP_LEAST"],
  },
  logarithm: {
    wgsl: logarithm.code,
    polynomials: ["LOG_R"],
    constants: ["LN_2_HIGH", "LN_2_EXCESS", "SMALLEST_NORMAL", "SUBNORMAL_SCALE"],
  },
  normal: { wgsl: normal.code, polynomials: ["TAIL_N", "TAIL_M"], constants: ["INVERSE_LN_2", "NORMAL_FAR", "DENSITY_AT_0"] },
} as const;

/** Numbers without a meaning of their own. */
const TRIVIAL = [0, 0.5, 1, 2].map(Math.fround);

describe.each(Object.entries(shared))("the %s in WGSL", (_, { wgsl, polynomials, constants }) => {
  it.each(polynomials)("has the coefficients %s of assembly/math.ts, in this order", (name) => {
    const coefficients = assembly.get(name) ?? [];
    expect(coefficients.length).toBeGreaterThan(4);
    expect(hasRun(numbersOf(wgsl), coefficients)).toBe(true);
  });

  it.each(constants)("has the constant %s of assembly/math.ts", (name) => {
    expect(assembly.get(name)).toHaveLength(1);
    expect(has(numbersOf(wgsl), assembly.get(name)?.[0] ?? NaN)).toBe(true);
  });

  it("has no number that assembly/math.ts has not", () => {
    const known = [...TRIVIAL, ...[...assembly.values()].flat()];
    expect(numbersOf(wgsl).filter((number) => !has(known, number))).toEqual([]);
  });
});

it("the bit patterns in the WGSL of the logarithm and the normal distribution are those of assembly/math.ts", () => {
  const patternOf = (name: string): string =>
    new RegExp(`const ${name}: usize = memory\\.data<u32>\\(\\[(0x\\w+)\\]`).exec(textOf("assembly/math.ts"))?.[1] ?? "";
  expect(logarithm.code).toContain(patternOf("SQRT_HALF_BITS"));
  expect(normal.code).toContain(patternOf("UPPER_HALF"));
  expect([patternOf("SQRT_HALF_BITS"), patternOf("UPPER_HALF")]).toEqual(["0x3f3504f3", "0xfffff000"]);
});

it.each(["MULTIPLIER_0", "MULTIPLIER_1", "WEYL_0", "WEYL_1"])("Philox has one %s on the host, in assembly/ and in WGSL", (name) => {
  const pattern = new RegExp(`const ${name}(?:: i32)? = (0x[0-9a-f]{8});`);
  const [, onHost = ""] = pattern.exec(textOf("src/tensor/key.ts")) ?? [];
  const [, inAssembly = ""] = pattern.exec(textOf("assembly/random.ts")) ?? [];
  expect(onHost).toMatch(/^0x/);
  expect(inAssembly).toBe(onHost);
  const kernels = join(root, "src/engines/webgpu/kernels");
  const texts = readdirSync(kernels, { recursive: true, encoding: "utf8" }).filter((file) => file.endsWith(".ts")).map((file) => readFileSync(join(kernels, file), "utf8")); // prettier-ignore
  expect(texts.filter((text) => text.includes(`${onHost}u`))).toHaveLength(1);
});
