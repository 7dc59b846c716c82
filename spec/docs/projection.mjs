/**
 * Writes the tables of the projections into docs/webgpu.md, docs/performance.md and docs/scaling.md, between `<!-- projection NAME -->` and `<!-- end -->`:
 * `npm run build && node spec/docs/projection.mjs`. With `--check` it writes nothing, and fails where a table differs.
 */
import { spawnSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";

const COLUMNS = ["bound", "expected", "pessimistic"];
const GIGA = 1e9;
const TERA = 1e12;

function bench(...args) {
  const { status, stdout, stderr } = spawnSync(process.execPath, ["dist/cli.js", "bench", ...args, "--json"], {
    encoding: "utf8",
    maxBuffer: 2 ** 28,
  });
  if (status !== 0) throw new Error(stderr);
  return JSON.parse(stdout);
}

const table = (head, rows) => [head, head.map(() => "---"), ...rows].map((row) => `| ${row.join(" | ")} |`).join("\n");

const names = { "deit-tiny": "DeiT-Ti", "deit-small": "DeiT-S", "deit-base": "DeiT-B" };
const nameOf = (model) => names[model] ?? `${names[model.replace("-distilled", "")]}⚗`;
const range = (at, key, digits) => COLUMNS.map((name) => at.find(({ column }) => column === name)[key].toFixed(digits)).join(" / ");

const all = bench("project");
const one = all.rows.find(({ model, imageSize, precision }) => model === "deit-base" && imageSize === 224 && precision === "f16");
const profiled = bench("project", "--only", "deit-base 224 f16", "--profile").rows[0].profile;

/** A step of the models that are as wide as the paper's largest. */
function steps(rows) {
  const cells = rows.map((row) => {
    const head = [nameOf(row.model), row.imageSize, row.precision];
    if (row.refused !== undefined)
      return [...head, "refused: a tensor of the teacher would be longer than a slab", ...Array.from({ length: 8 }, () => "")];
    const { dispatches, bytes, traffic, flop, executed, memoryBytes, largestBatch, at } = row;
    const sizes = [bytes / GIGA, traffic / GIGA, flop / TERA, (2 * executed) / TERA, memoryBytes / GIGA].map((x) => x.toFixed(1));
    return [...head, dispatches, ...sizes, largestBatch, range(at, "ms", 1), range(at, "imagesPerSecond", 0)];
  });
  const head = ["model", "side", "", "dispatches", "GB", "GB moved", "TFLOP", "executed", "memory, GB", "largest batch", "ms", "images/s"];
  return table(head, cells);
}

const unitOf = { "TFLOP/s": [TERA, "TFLOP", TERA], "GB/s": [GIGA, "GB", GIGA], µs: [1e-6, "dispatches", 1] };

/** Rates, amounts and times of the terms of a step. */
function terms() {
  const cited = [...new Set(Object.values(all.rates).flatMap(({ sources }) => sources.map((source) => JSON.stringify(source))))];
  const rows = Object.entries(all.rates).map(([term, { title, unit, sources, ...rate }]) => {
    const [ofRate, amountUnit, ofAmount] = unitOf[unit];
    const { amount, ms } = one.terms[term];
    const numbers = sources.map((source) => `[${cited.indexOf(JSON.stringify(source)) + 1}]`).join(" ");
    const amountText = `${(amount / ofAmount).toFixed(ofAmount === 1 ? 0 : 2)} ${amountUnit}`;
    const rates = COLUMNS.map((column) => (rate[column] / ofRate).toFixed(1)).join(" / ");
    return [title, amountText, `${rates} ${unit}`, ...COLUMNS.map((column) => ms[column].toFixed(2)), numbers];
  });
  const sum = (title, key) => [title, "", "", ...COLUMNS.map((column) => one.at.find((at) => at.column === column)[key].toFixed(2)), ""];
  const sums = [sum("the device", "deviceMs"), sum("the host", "hostMs"), sum("**a step: whichever takes longer**", "ms")];
  const list = cited.map((text, i) => {
    const { what, url, date } = JSON.parse(text);
    return `${i + 1}. ${what} (${date}, ${url.startsWith("https:") ? `<${url}>` : "this page"})`;
  });
  const head = ["term of a step", "amount", "rate: bound / expected / pessimistic", ...COLUMNS.map((column) => `ms ${column}`), "sources"];
  return `${table(head, [...rows, ...sums])}\n\n${list.join("\n")}`;
}

/** Parts of a step, each with everything below it: a part of a block by its name, and others on their own. */
function parts() {
  const found = new Map();
  const add = (name, node) => {
    const { dispatches = 0, traffic = 0, macs = 0, ms } = node;
    const sum = found.get(name) ?? { dispatches: 0, traffic: 0, macs: 0, ms: 0 };
    found.set(name, { dispatches: sum.dispatches + dispatches, traffic: sum.traffic + traffic, macs: sum.macs + macs, ms: sum.ms + ms });
  };
  const walk = (node, name) => {
    const inside = node.name.startsWith("/") ? node.name.slice(1) : node.name;
    const path = ["", "/deitLogits", "/encoder", "blocks.*", "mlp", "attn"].includes(node.name) ? name : `${name}${inside}`;
    if (node.parts.length === 0 || path !== name) return add(path === "" ? "else" : path, node);
    const prefix = ["mlp", "attn"].includes(node.name) ? `${node.name} › ` : name;
    const own = node.parts.reduce(
      (left, part) => ({
        dispatches: left.dispatches - (part.dispatches ?? 0),
        traffic: left.traffic - (part.traffic ?? 0),
        macs: left.macs - part.macs,
        ms: left.ms - part.ms,
      }),
      { dispatches: node.dispatches ?? 0, traffic: node.traffic ?? 0, macs: node.macs, ms: node.ms },
    );
    if (own.dispatches > 0) add(`${prefix}else`, own);
    for (const part of node.parts) walk(part, prefix);
  };
  walk(profiled, "");
  const whole = profiled.ms;
  const rows = [...found]
    .toSorted(([, a], [, b]) => b.ms - a.ms)
    .filter(([, { ms }]) => ms >= 0.002 * whole)
    .map(([name, { dispatches, traffic, macs, ms }]) => [
      name,
      dispatches,
      (traffic / GIGA).toFixed(1),
      macs === 0 ? "" : (macs / GIGA).toFixed(0),
      ms.toFixed(2),
      `${((100 * ms) / whole).toFixed(1)} %`,
    ]);
  return table(["part", "dispatches", "GB moved", "GMAC", "ms, expected", "share"], rows);
}

/** Hours of the paper's trainings. */
function hours() {
  const models = [...new Set(all.rows.map(({ model }) => model))];
  const cell = (model, imageSize, precision) => {
    const row = all.rows.find((r) => r.model === model && r.imageSize === imageSize && r.precision === precision);
    return row.refused === undefined ? range(row.at, "hours", 1) : "refused";
  };
  const paper = (model, value) => (model === "deit-base" ? value : "");
  const rows = models.map((model) => [
    nameOf(model),
    cell(model, 224, "f16"),
    cell(model, 224, "f32"),
    paper(model, "53"),
    cell(model, 384, "f16"),
    cell(model, 384, "f32"),
    paper(model, "20"),
  ]);
  return table(["", "300 epochs at 224, f16", "f32", "authors", "25 epochs at 384, f16", "f32", "authors"], rows);
}

/** Steps on many ranks, by the sums of gradients: through the memory of the host, on GPUs, and on nodes without GPUs. */
function scaling() {
  const of = (node) => bench("scaling", "--model", "deit-base", "--batch", "64", "--node", node).predictions;
  const columns = [...of("h100"), ...of("cpu")].map(({ rows }) => new Map(rows.map((row) => [row.ranks, row])));
  const time = (ms) => (ms >= 1000 ? `${(ms / 1000).toFixed(2)} s` : `${ms.toFixed(ms < 100 ? 1 : 0)} ms`);
  const cell = ({ ranks, stepMs, efficiency }) => `${time(stepMs)}${ranks === 1 ? "" : `, ${(100 * efficiency).toFixed(0)} %`}`;
  const rows = [1, 8, 64, 1024].map((ranks) => [ranks.toLocaleString("en"), ...columns.map((column) => cell(column.get(ranks)))]);
  const head = ["ranks", "H100, sums in the host's memory", "H100, sums on the GPUs (not built)", "CPU nodes, 4 ranks of 16 cores"];
  return table(head, rows);
}

const texts = {
  steps: steps(all.rows.filter(({ model }) => model.includes("base"))),
  terms: terms(),
  parts: parts(),
  hours: hours(),
  scaling: scaling(),
  summary: steps(
    all.rows.filter(
      ({ model, imageSize, precision }) => model.includes("base") && imageSize === 224 && (precision === "f16" || model === "deit-base"),
    ),
  ),
};

const check = process.argv.includes("--check");
for (const file of ["docs/webgpu.md", "docs/performance.md", "docs/scaling.md"]) {
  const old = readFileSync(file, "utf8");
  const fresh = old.replaceAll(/<!-- projection (\w+) -->\n[^]*?<!-- end -->/g, (_, name) => {
    if (texts[name] === undefined) throw new Error(`${file}: there is no table ${name}`);
    return `<!-- projection ${name} -->\n\n${texts[name]}\n\n<!-- end -->`;
  });
  if (fresh === old) continue;
  if (check) {
    process.stderr.write(`${file}: run node spec/docs/projection.mjs\n`);
    process.exitCode = 1;
  } else writeFileSync(file, fresh);
}
