/** Writes docs/equations.md: the location of each numbered formula, and what engines run for it. */
import type { WebgpuPrecision } from "../engines/webgpu/run.ts";
import { explain, type EngineChoice } from "./explain.ts";
import { equations } from "./equations.ts";
import type { SourceLocation } from "./locations.ts";

const precision: WebgpuPrecision = "f32";
const wasm: EngineChoice = { name: "wasm", threads: 1 };
const webgpu: EngineChoice = { name: "webgpu", adapter: "h100", precision };

/** Escapes a bar, which would end the cell. */
const cell = (text: string): string => text.replaceAll("|", String.raw`\|`);

/** `[ops/linear.ts:28](../src/ops/linear.ts#L28)` */
const link = (place: SourceLocation | null): string =>
  place === null ? "–" : `[${place.file.replace(/^src\//, "")}:${place.line}](../${place.file}#L${place.line})`;

/** What an engine runs: a fused kernel, or the kernels of the definition; nothing if the host computes it. */
function kernelsOn(id: string, choice: EngineChoice): string {
  const { engine } = explain({ kind: "formula", id }, choice);
  if (engine === undefined || engine.call === null) return "host";
  const names = engine.kernels.map((name) => `\`${name}\``).join(", ");
  return engine.how === "fused" ? `${names} (fused)` : names === "" ? "none" : names;
}

function rowOf(id: string): string {
  const { title, forward, vjp, oracle, row } = explain({ kind: "formula", id }, null);
  const cells = [id, cell(title), link(forward), link(vjp), link(oracle), link(row), kernelsOn(id, wasm), kernelsOn(id, webgpu)];
  return `| ${cells.join(" | ")} |`;
}

const HEAD = ["", "formula", "forward", "vjp", "oracle", "check row", "WASM", "WebGPU"];

const sectionOf = (title: string, ids: readonly string[]): string =>
  [`## ${title}`, "", `| ${HEAD.join(" | ")} |`, `|${" --- |".repeat(HEAD.length)}`, ...ids.map(rowOf), ""].join("\n");

/** The whole page. */
export function equationsPage(): string {
  const ids = [...equations.keys()];
  const head = `# Equations and gradients

The numbered formulas of [deit.md](deit.md), and where each of them stands in the source. \`npm run equations\` writes this page, and a spec
compares it with the source; files outside of \`src/ops\` and \`src/model\` are in the repository, not in the package.

- **forward** computes it. **vjp** is the vector–Jacobian product: from the gradient of the loss with respect to the output, the gradients with
  respect to the inputs. A gradient (G…) is the vjp of its op, so its row shows both.
- **oracle** computes the same by plain loops over numbers, without any kernel or op. **check row** compares the two: \`deit check --only E7\`.
- **WASM** and **WebGPU**: the kernels that these engines run for the forward of an equation and for the vjp of a gradient, in f32 on the
  shapes of DeiT-Ti; the names are those of \`assembly/\` and of the WGSL programs. *fused*: kernels written for the whole op; else the op is run by its
  definition. *host*: plain TypeScript, before any engine. \`deit explain E7 --engine webgpu\` shows workgroups, bytes, FLOP and WGSL.

`;
  return `${head}${sectionOf(
    "Equations",
    ids.filter((id) => id.startsWith("E")),
  )}\n${sectionOf(
    "Gradients",
    ids.filter((id) => id.startsWith("G")),
  )}`;
}
