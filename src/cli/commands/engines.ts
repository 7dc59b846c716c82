/** `deit engines`: which engines run here, and why others do not. */
import type { Command } from "commander";
import type { AboutAdapter } from "../../gpu/about.ts";
import { featureNames } from "../../gpu/request.ts";
import type { MatrixUse } from "../processes/matrixUse.ts";
import { gpuReport, processorReports, WEBGPU } from "../engine.ts";
import { adapterOption, withExamples, withJson, type AdapterOption, type JsonOption } from "../options.ts";
import { grouped, print, printJson, table } from "../output.ts";

const isOnUnits = ({ gemm }: MatrixUse): boolean => Object.values(gemm).includes("matrix");

/** The adapter in full, below the table of engines. */
function printAdapter(adapter: AboutAdapter, units: MatrixUse | undefined): void {
  const { name, backend, vendor, architecture, device, description, software, limits, features } = adapter;
  print(`\n${WEBGPU} on ${name} (${backend}${software ? ", a software adapter: it computes on the processor" : ""})`);
  const rows = [
    ["  vendor", vendor],
    ["  architecture", architecture],
    ["  device", device],
    ["  driver", description],
    ["  has", features.join(", ")],
    ["  lacks", featureNames.filter((feature) => !features.includes(feature)).join(", ")],
    ...(units === undefined
      ? []
      : [
          ["  matrix units", units.units],
          ["  GEMM", `${units.gemm.f32} in f32, ${units.gemm.f16} in f16${isOnUnits(units) ? ", with --tensor-cores" : ""}`],
        ]),
    ...Object.entries(limits).map(([limit, value]) => [`  ${limit}`, grouped(value)]),
  ];
  for (const line of table(rows, ["left", "left"])) print(line);
}

async function run({ json, ...options }: AdapterOption & JsonOption): Promise<void> {
  const gpu = await gpuReport(options, true);
  const engines = [...processorReports(), gpu];
  if (json === true) return printJson({ engines });
  const rows = engines.map((e) => [e.name, e.available ? "yes" : `no: it ${e.reason}`, e.features.join(", ")]);
  for (const line of table([["engine", "runs here", "features"], ...rows], ["left", "left", "left"])) print(line);
  const { adapter, adapters = [], matrixUnits } = gpu;
  if (adapter !== undefined) printAdapter(adapter, matrixUnits);
  for (const [i, { name, backend }] of adapters.entries()) print(`--adapter ${i}, or part of its name: ${name} (${backend})`);
}

export function addEngines(program: Command): void {
  const command = program.command("engines").description("show which engines run here, and why others do not").addOption(adapterOption());
  withExamples(withJson(command), [
    ["deit engines", "a table, and the details of the GPU"],
    ["deit engines --adapter vulkan", "with a GPU chosen by its backend, or by part of its name"],
    ["deit engines --json", "for a script"],
  ]).action(run);
}
