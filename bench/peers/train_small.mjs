/**
 * `npm run bench:small [-- --rounds N] [--only digits,cifar] [--workers N] [--engine NAME] [--before CLI]`: the training steps of two small recipes, data included, here and
 * in PyTorch (train_small.py), by turns, each on one thread; with --before also an
 * earlier build of this project, by the path of its dist/cli.js. Needs a Python with torch, timm and safetensors; PYTHON names it.
 */
import { execFileSync, spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { median, shown } from "./medians.mjs";

const CLI = fileURLToPath(new URL("../../dist/cli.js", import.meta.url));
const PEER = fileURLToPath(new URL("train_small.py", import.meta.url));
const python = process.env["PYTHON"] ?? "python3";

/** Steps of a round, on either side. */
const STEPS = { digits: 150, cifar: 20 };
/** Training images of the CIFAR-like set, in each of the five files: enough for two epochs to be longer than a round. */
const RECORDS = 512;

/** A set in CIFAR-10's binary form, of random bytes: the time does not depend on what they show. Removed at the end. */
const folder = mkdtempSync(join(tmpdir(), "deit-small-"));
process.on("exit", () => rmSync(folder, { recursive: true, force: true }));
const records = (count) => {
  const bytes = randomBytes(count * 3073);
  for (let i = 0; i < count; i++) bytes[i * 3073] %= 10; // the label
  return bytes;
};
for (const i of [1, 2, 3, 4, 5]) writeFileSync(join(folder, `data_batch_${i}.bin`), records(RECORDS));
writeFileSync(join(folder, "test_batch.bin"), records(64));

/** cifar10-small at the width and depth of the digits' model, in batches of 64. */
const CIFAR = [`data.train=cifar10:${folder}:train`, `data.test=cifar10:${folder}:test`];
CIFAR.push("model.width=64", "model.depth=3", "model.heads=4", "training.batch=64");
const RECIPES = { digits: ["digits", []], cifar: ["cifar10-small", CIFAR] };

const { values } = parseArgs({
  options: {
    rounds: { type: "string", default: "7" },
    only: { type: "string", default: Object.keys(RECIPES).join(",") },
    workers: { type: "string", default: "0" },
    engine: { type: "string", default: "wasm" },
    before: { type: "string" },
  },
});
const chosen = values.only.split(",");
const unknown = chosen.find((name) => !(name in RECIPES));
if (unknown !== undefined) {
  console.error(`bench:small: --only ${unknown}: there are ${Object.keys(RECIPES).join(" and ")}`);
  process.exit(2);
}

/** This project's step: the median of each stage in ms, and the least, by stage. */
function ours(what, cli) {
  const [recipe, set] = RECIPES[what];
  const words = [
    "bench",
    "train",
    "--recipe",
    recipe,
    "--workers",
    values.workers,
    "--engine",
    values.engine,
    "--repetitions",
    String(STEPS[what]),
  ];
  const changes = set.flatMap((change) => ["--set", change]);
  const { stages } = JSON.parse(
    execFileSync(process.execPath, [...process.execArgv, cli, ...words, ...changes, "--json"], {
      encoding: "utf8",
      stdio: ["ignore", "pipe", "ignore"],
    }),
  );
  return Object.fromEntries(stages.map(({ stage, ms, min }) => [stage, { ms, min }]));
}

/** PyTorch, in a process of its own that runs a round for each line. */
async function startPeer(what) {
  const peer = spawn(python, [PEER, what], { stdio: ["pipe", "pipe", "pipe"] });
  let complaint = "";
  peer.stderr.on("data", (text) => (complaint += text));
  peer.on("error", (error) => (complaint += error.message));
  const lines = createInterface({ input: peer.stdout })[Symbol.asyncIterator]();
  const { done, value } = await lines.next();
  if (done === true) {
    console.log(`skipped: ${python} has no torch, timm and safetensors (${complaint.trim().split("\n").at(-1)})`);
    process.exit(0);
  }
  const round = async (steps) => {
    peer.stdin.write(`${steps}\n`);
    const next = await lines.next();
    if (next.done === true) throw new Error(`train_small.py ended: ${complaint}`);
    const times = JSON.parse(next.value);
    return { ms: median(times), min: Math.min(...times) };
  };
  const end = async () => {
    peer.stdin.end();
    await once(peer, "exit");
  };
  return { versions: value, round, end };
}

function report(title, mine, theirs) {
  const ratios = mine.map(({ ms }, i) => ms / theirs[i].ms);
  const least = Math.min(...mine.map(({ min }) => min)) / Math.min(...theirs.map(({ min }) => min));
  console.log(
    `  ${title}: ${shown(mine.map(({ ms }) => ms))} ms; ratio of the same round ${shown(ratios)}, of the least times ${least.toFixed(2)}`,
  );
}

console.log(
  `${process.version}, ${values.rounds} rounds by turns, engine ${values.engine}, --workers ${values.workers}; medians of the rounds (least … most)`,
);
for (const what of chosen) {
  const peers = { student: await startPeer(what), ...(what === "digits" ? { teacher: await startPeer("digits-teacher") } : {}) };
  if (what === chosen[0]) console.log(peers.student.versions);
  for (const { round } of Object.values(peers)) await round(STEPS[what]); // not counted
  const builds = { here: CLI, ...(values.before === undefined ? {} : { before: values.before }) };
  const rows = [];
  for (let i = 0; i < Number(values.rounds); i++) {
    const row = {};
    const theirs = async () => {
      row.PyTorch = {};
      for (const [stage, { round }] of Object.entries(peers)) row.PyTorch[stage] = await round(STEPS[what]); // one after the other
    };
    const mine = () => {
      for (const [name, cli] of Object.entries(builds)) row[name] = ours(what, cli);
    };
    if (i % 2 === 0) mine();
    await theirs();
    if (i % 2 === 1) mine();
    rows.push(row);
  }
  for (const { end } of Object.values(peers)) await end();
  for (const stage of Object.keys(peers)) {
    const theirs = rows.map((row) => row.PyTorch[stage]);
    console.log(`${what}, ${stage}: PyTorch ${shown(theirs.map(({ ms }) => ms))} ms a step`);
    for (const name of Object.keys(builds)) report(name, rows.map((row) => row[name][stage]), theirs); // prettier-ignore
  }
}
