/** Formats an explanation as lines of text. */
import type { EngineReport, Execution, Explanation } from "../explain/explain.ts";
import type { SourceLocation } from "../explain/locations.ts";
import { grouped, table } from "./output.ts";

const at = ({ file, line }: SourceLocation): string => `${file}:${line}`;

/** The calls of kernels and their numbers of chunks; equal calls in a row are one line. */
function callLines({ calls = [] }: Execution): readonly string[] {
  if (calls.length === 0) return [];
  const rows = calls.map(({ kernel, chunks }) => [`  ${kernel}`, `${chunks}`]);
  return table([["  kernel", "chunks"], ...rows], ["left", "right"]);
}

function dispatchLines({ dispatches = [] }: Execution): readonly string[] {
  if (dispatches.length === 0) return [];
  const rows = dispatches.map(({ program, groups, bytes, reads, writes, flops }) => {
    return [`  ${program}`, groups.join("×"), ...[bytes, reads, writes, flops].map(grouped)];
  });
  const head = ["  program", "workgroups", "bytes", "read", "written", "FLOP"];
  return table([head, ...rows], ["left", "right", "right", "right", "right", "right"]);
}

function partLines({ parts }: Execution): readonly string[] {
  if (parts.length < 2) return [];
  const rows = parts.map(({ path, op, how, kernels }) => [`  ${path}`, op, how, kernels.join(", ")]);
  return table([["  part", "op", "how", "kernels"], ...rows], ["left", "left", "left", "left"]);
}

function kernelsText({ how, kernels, dispatches }: Execution): string {
  if (kernels.length > 0) return `; kernels: ${kernels.join(", ")}`;
  return how === "fused" && dispatches !== undefined ? ", as the epilogue of the program that makes its input" : ", no kernel is run";
}

function executionLines(title: string, execution: Execution): readonly string[] {
  const head = `${title}: ${execution.how}${kernelsText(execution)}`;
  return ["", head, ...partLines(execution), ...callLines(execution), ...dispatchLines(execution)];
}

/** The WGSL of each program once. */
function wgslLines({ dispatches = [], vjp }: EngineReport): readonly string[] {
  const programs = new Map([...dispatches, ...(vjp?.dispatches ?? [])].map(({ program, wgsl }) => [wgsl, program]));
  return [...programs].flatMap(([wgsl, program]) => ["", `WGSL of ${program}:`, "", ...wgsl.trimEnd().split("\n")]);
}

function engineLines(engine: EngineReport, isGradient: boolean): readonly string[] {
  const { name, call, inside, threads, adapter, precision, vjp } = engine;
  const settings = [
    threads === undefined ? "" : `${threads} ${threads === 1 ? "thread" : "threads"}`,
    adapter ?? "",
    precision ?? "",
  ].filter(Boolean);
  const title = `On ${[name, ...settings].join(", ")}`;
  if (call === null) return ["", `${title}: the host computes this, and no engine does`];
  const around = inside === undefined ? "" : `, inside the fused ${inside}`;
  return [
    "",
    `${title}: ${call}${around}`,
    ...executionLines(isGradient ? "vjp" : "forward", engine),
    ...(vjp === undefined ? [] : executionLines("vjp", vjp)),
    ...wgslLines(engine),
  ];
}

/** The whole explanation, in lines. */
export function explanationLines({ id, title, formula, forward, vjp, oracle, row, engine }: Explanation): readonly string[] {
  const places = [
    ["forward", at(forward)],
    ["vjp", vjp === null ? "none" : at(vjp)],
    ["oracle", oracle === null ? "none" : at(oracle)],
    ["row", `${at(row)} (deit check --only ${row.id})`],
  ];
  return [
    title.toLowerCase().startsWith(id.toLowerCase()) ? title : `${id}: ${title}`,
    "",
    ...formula.split("\n").map((line) => (line === "" ? "" : `    ${line}`)),
    "",
    ...table(places, ["left", "left"]),
    ...(engine === undefined ? [] : engineLines(engine, id.startsWith("G") && /^G\d/.test(id))),
  ];
}
