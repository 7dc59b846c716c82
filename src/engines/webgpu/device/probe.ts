/**
 * Tries the matrix units of a device, once, before plans rely on them. Subgroup matrices are an experiment of Dawn: the syntax differs between
 * versions, drivers refuse what they report, and some multiply wrongly. Units that do not compile, or do not give the right numbers, are not used;
 * GEMM and attention then take the variants for other hardware.
 */
import { capabilitiesOf, matrixUnitsOf, MATRIX_FEATURES, reportedMatrices, type MatrixConfig } from "../capabilities.ts";
import {
  loaded,
  multiplyAdded,
  storedSums,
  syntaxes,
  unitProgram,
  zeroSums,
  type MatrixSyntax,
  type MatrixUnits,
} from "../kernels/units.ts";
import { declare, program } from "../program.ts";

/** What was found out about the matrix units of a device. */
export interface MatrixReport {
  /** The multiplications that programs may use; none: they use no matrix units. */
  readonly matrices: readonly MatrixConfig[];
  /** How programs load and store fragments. */
  readonly syntax: MatrixSyntax;
  /** What they are, or why they are not used: a phrase. */
  readonly why: string;
}

const none = (why: string): MatrixReport => ({ matrices: [], syntax: "parameter", why });

/** Steps between the numbers that are multiplied, 1 … 2, by the type of the factors: all bits of a factor count. */
const STEPS = { f16: 2 ** 10, f32: 2 ** 23 } as const;
/** Multipliers that spread the numbers of the left and right factor over all steps. */
const [LEFT, RIGHT] = [7919, 104_729];

/** Number i of a factor; its WGSL is in `trialOf`. */
const factorAt = (i: number, multiplier: number, steps: number): number => 1 + (((i + 1) * multiplier) % steps) / steps;

/** A program that multiplies two factors in both orders of each, and writes the sums. */
function trialOf(units: MatrixUnits): string {
  const { shape, factors, size } = units;
  const { m, n, k } = shape;
  const filled = (array: string, length: number, multiplier: number): string =>
    `for (var i = lane; i < ${length}u; i += ${size}u) { ${array}[i] = ${factors}(1.0 + f32(((i + 1u) * ${multiplier}u) % ${STEPS[factors]}u) / ${STEPS[factors]}.0); }\n`;
  const place = (array: string, stride: number): { readonly array: string; readonly first: string; readonly stride: number } => ({
    array,
    first: "0u",
    stride,
  });
  return program({
    name: "matrix units",
    tensors: { sums: "f32" },
    params: {},
    workgroup: [size, 1, 1],
    ...unitProgram(units),
    declarations: [
      declare(`var<workgroup> left: array<${factors}, ${m * k}>;
var<workgroup> right: array<${factors}, ${n * k}>;
var<workgroup> results: array<f32, ${m * n}>;
`),
    ],
    main: `${filled("left", m * k, LEFT)}${filled("right", n * k, RIGHT)}workgroupBarrier();
${zeroSums(units, "product")}
${multiplyAdded(loaded(units, "left", "row_major", place("left", k)), loaded(units, "right", "col_major", place("right", k)), "product")}
${multiplyAdded(loaded(units, "left", "col_major", place("left", m)), loaded(units, "right", "row_major", place("right", n)), "product")}
${storedSums(units, "product", place("results", n))}
workgroupBarrier();
for (var i = lane; i < ${m * n}u; i += ${size}u) { store_sums(i, results[i]); }`,
  }).wgsl;
}

/** What the program must write: row by row. */
function expected({ shape: { m, n, k }, factors }: MatrixUnits): readonly number[] {
  const left = (i: number): number => factorAt(i, LEFT, STEPS[factors]);
  const right = (i: number): number => factorAt(i, RIGHT, STEPS[factors]);
  return Array.from({ length: m * n }, (_, at) => {
    const [r, s] = [Math.floor(at / n), at % n];
    let sum = 0;
    for (let t = 0; t < k; t++) sum += left(r * k + t) * right(s * k + t) + left(t * m + r) * right(t * n + s);
    return sum;
  });
}

/** The largest relative error: dozens of roundings of f32, but no rounding of f16 or of factors to fewer bits. */
const BOUND = 2 ** -18;

const [MAP_READ, COPY_SRC, COPY_DST, STORAGE, READ] = [0x01, 0x04, 0x08, 0x80, 0x01]; // flags of GPUBufferUsage and GPUMapMode

/** The numbers that a program writes. @throws Error where it does not compile or run */
async function resultsOf(device: GPUDevice, code: string, count: number): Promise<Float32Array> {
  device.pushErrorScope("validation");
  const module = device.createShaderModule({ label: "matrix units", code });
  const made = device
    .createComputePipelineAsync({ layout: "auto", compute: { module, entryPoint: "main" } })
    .catch((error: Error) => error);
  const [error, pipeline] = await Promise.all([device.popErrorScope(), made]);
  if (error !== null) throw new Error(error.message);
  if (pipeline instanceof Error) throw pipeline;
  const size = 4 * count;
  const sums = device.createBuffer({ size, usage: STORAGE | COPY_SRC });
  const copy = device.createBuffer({ size, usage: MAP_READ | COPY_DST });
  const encoder = device.createCommandEncoder();
  const pass = encoder.beginComputePass();
  pass.setPipeline(pipeline);
  pass.setBindGroup(
    0,
    device.createBindGroup({ layout: pipeline.getBindGroupLayout(0), entries: [{ binding: 0, resource: { buffer: sums } }] }),
  );
  pass.dispatchWorkgroups(1);
  pass.end();
  encoder.copyBufferToBuffer(sums, 0, copy, 0, size);
  device.queue.submit([encoder.finish()]);
  await copy.mapAsync(READ);
  const results = new Float32Array(copy.getMappedRange().slice(0));
  for (const buffer of [sums, copy]) buffer.destroy();
  return results;
}

/** What came of a trial: the units work, or why they do not, and whether their program compiled at all. */
type Outcome = { readonly works: true } | { readonly works: false; readonly why: string; readonly compiled: boolean };

async function outcomeOf(device: GPUDevice, units: MatrixUnits): Promise<Outcome> {
  const wanted = expected(units);
  try {
    const results = await resultsOf(device, trialOf(units), wanted.length);
    const wrong = wanted.findIndex((sum, i) => !(Math.abs((results[i] ?? NaN) - sum) <= BOUND * sum));
    if (wrong < 0) return { works: true };
    return { works: false, why: `they compute ${results[wrong]} where ${Math.fround(wanted[wrong] ?? NaN)} is right`, compiled: true };
  } catch (error) {
    const [why = ""] = (error instanceof Error ? error.message : String(error)).split("\n"); // further lines quote the program
    return { works: false, why, compiled: false };
  }
}

/** For units that programs cannot use at all. */
const UNUSABLE: Outcome = { works: false, why: "no program can state the size of its subgroups, or use f16", compiled: false };

const named = ({ m, n, k, factors = "f16", sums = "f32" }: MatrixConfig): string => `${factors} ${m}×${n}×${k} with sums in ${sums}`;

/**
 * Tries the matrix units that the adapter of a device reports. Of the multiplications of f16, and of those of f32, the largest that works is kept.
 * Takes milliseconds; the device must not run an engine meanwhile.
 */
export async function probeMatrixUnits(device: GPUDevice): Promise<MatrixReport> {
  const capabilities = capabilitiesOf(device);
  const lacking = MATRIX_FEATURES.filter((name) => !capabilities.features.has(name));
  if (lacking.length > 0) return none(`the device lacks ${lacking.join(" and ")}`);
  const reported = reportedMatrices(device.adapterInfo);
  const candidates = reported
    .filter(({ sums }) => sums === "f32")
    .toSorted((one, other) => other.m * other.n * other.k - one.m * one.n * one.k);
  if (candidates.length === 0)
    return none(
      reported.length === 0 ? "the adapter reports none for floating point" : `they have no sums in f32: ${reported.map(named).join("; ")}`,
    );
  const errors = new Set<string>();
  for (const syntax of syntaxes) {
    const working: MatrixConfig[] = [];
    let isKnown = false; // the syntax, to this version of Dawn
    for (const config of candidates) {
      const { factors } = config;
      if (working.some((other) => other.factors === factors)) continue;
      const units = matrixUnitsOf({ ...capabilities, matrices: [config], matrixSyntax: syntax }, factors);
      const outcome: Outcome = units === null ? UNUSABLE : await outcomeOf(device, units);
      if (outcome.works) working.push(config);
      else errors.add(`${named(config)}: ${outcome.why}`);
      isKnown ||= outcome.works || outcome.compiled;
    }
    if (working.length > 0) return { matrices: working, syntax, why: working.map(named).join("; ") };
    if (isKnown) break;
  }
  return none(`none of them works: ${[...errors].join("; ")}`);
}
