/**
 * `npm run bench:loader -- PHOTOGRAPHS [--rounds N] [--recipe R] [--workers N]`: this project's loader and timm's transform on Pillow (loader.py), by turns
 * over the same photographs, each on one thread. Needs a Python with timm; PYTHON names it.
 */
import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { shown } from "./medians.mjs";

const CLI = fileURLToPath(new URL("../../dist/cli.js", import.meta.url));
const PEER = fileURLToPath(new URL("loader.py", import.meta.url));
const python = process.env["PYTHON"] ?? "python3";

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    rounds: { type: "string", default: "7" },
    recipe: { type: "string", default: "deit-base" },
    workers: { type: "string", default: "1" },
  },
});
const [photographs] = positionals;
if (photographs === undefined) {
  console.error("bench:loader: which photographs? give a folder with one sub-folder a class");
  process.exit(2);
}

/** This project's loader: ms an image, by part. */
function ours() {
  const words = [CLI, "bench", "loader", "--data", photographs, "--recipe", values.recipe, "--workers", values.workers, "--json"];
  const { imagesPerSecond, ms } = JSON.parse(execFileSync(process.execPath, words, { encoding: "utf8" }));
  return { total: 1000 / imagesPerSecond, ...ms };
}

/** timm's transform, in a process of its own that makes one pass for each line. */
const peer = spawn(python, [PEER, photographs], { stdio: ["pipe", "pipe", "pipe"] });
const lines = createInterface({ input: peer.stdout })[Symbol.asyncIterator]();
let complaint = "";
peer.stderr.on("data", (text) => (complaint += text));
peer.on("error", (error) => (complaint += error.message));
const first = await lines.next();
if (first.done === true) {
  console.log(`skipped: ${python} has no timm on Pillow (${complaint.trim().split("\n").at(-1)})`);
  process.exit(0);
}
const theirs = async () => {
  peer.stdin.write("\n");
  const { done, value } = await lines.next();
  if (done === true) throw new Error(`loader.py ended: ${complaint}`);
  return JSON.parse(value);
};

await theirs(); // the files are in the cache of the system now, and the imports are done
ours();
const rows = [];
for (let round = 0; round < Number(values.rounds); round++)
  rows.push(round % 2 === 0 ? { ours: ours(), theirs: await theirs() } : { theirs: await theirs(), ours: ours() });
peer.stdin.end();
await once(peer, "exit");

console.log(`${first.value}, ${process.version}, ${rows.length} rounds by turns; ms an image: median (least … most)`);
console.log(`deit bench loader --recipe ${values.recipe} --workers ${values.workers}`);
for (const part of ["total", "decode", "crop", "augment", "other"])
  console.log(`  ${part.padEnd(8)} ${shown(rows.map((row) => row.ours[part]))}`);
console.log("timm on Pillow");
for (const part of ["total", "decode", "crop", "augment", "tensor"])
  console.log(`  ${part.padEnd(8)} ${shown(rows.map((row) => row.theirs[part]))}`);
const ratios = rows.map((row) => row.theirs.total / row.ours.total);
console.log(
  `ratio of the same round: ${shown(ratios)}; of the least times: ${(Math.min(...rows.map((row) => row.theirs.total)) / Math.min(...rows.map((row) => row.ours.total))).toFixed(2)}`,
);
