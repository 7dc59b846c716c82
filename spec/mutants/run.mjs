/**
 * Mutation testing of the laws: `npm run test:mutants [-- COUNT [SEED]]`.
 *
 * Changes one term, sign, axis, factor or index at a time in src/ops, src/losses, src/model and src/teacher, and tests whether the type checker
 * or a row of `deit check` finds it. COUNT mutants (default 150) are drawn evenly from the files. survivors.json lists survivors that change no
 * value, with the reason. Fails if fewer than 95 % are caught.
 */
import { execFile } from "node:child_process";
import { cpSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { availableParallelism } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { mutantsOf, transpiled } from "./mutate.mjs";

const run = promisify(execFile);
const FOLDERS = ["ops", "losses", "model", "teacher"];
const NEEDED = 0.95;
const [count = "150", seed = "1"] = process.argv.slice(2);
const work = "dist/.mutants";
const explained = JSON.parse(readFileSync(new URL("survivors.json", import.meta.url), "utf8"));

/** A fixed pseudo-random order: mixes an index and the seed, like mulberry32. */
const order = (i) => Math.imul(Math.imul(i + 1, 0x9e3779b1) ^ Math.imul(Number(seed), 0x85ebca6b), 0xc2b2ae35) >>> 0;

/** COUNT mutants, one file after another in rotation, in a fixed random order within each file. */
function chosen() {
  const files = FOLDERS.flatMap((folder) => readdirSync(join("src", folder)).map((name) => join("src", folder, name))).filter((f) =>
    f.endsWith(".ts"),
  );
  const lists = files.map((file) => {
    const source = readFileSync(file, "utf8");
    const shuffled = mutantsOf(file, source).map((m, i) => ({ file, source, ...m, rank: order(i) }));
    return shuffled.toSorted((a, b) => a.rank - b.rank);
  });
  const all = [];
  for (let turn = 0; lists.some((list) => turn < list.length); turn++)
    for (const list of lists) if (turn < list.length) all.push(list[turn]);
  return { total: all.length, mutants: all.slice(0, Number(count)) };
}

const lineOf = ({ source, start }) => source.slice(0, start).split("\n").length;
const nameOf = (m) => `${m.file}:${lineOf(m)}: ${m.what}: ${m.source.slice(m.start, m.end).replaceAll(/\s+/g, " ").slice(0, 70)}`;
const keyOf = (m) => `${m.file}: ${m.what}: ${m.source.slice(m.start, m.end).replaceAll(/\s+/g, " ")}`;

/** What catches the mutant, a row or the type checker; null: nothing. */
async function judge(mutant, slot) {
  const dist = join(work, `${slot}`);
  const target = join(dist, mutant.file.replace(/^src/, "").replace(/\.ts$/, ".js"));
  const original = readFileSync(target, "utf8");
  const { mutated, outputText } = transpiled(mutant.source, mutant);
  writeFileSync(target, outputText);
  try {
    await run(process.execPath, ["spec/mutants/rows.mjs", dist], { timeout: 300_000 });
  } catch (error) {
    return error.killed ? "time-out" : error.stdout.trim();
  } finally {
    writeFileSync(target, original);
  }
  return typeChecks(mutant, mutated, slot);
}

/** Type-checks the mutated file in a copy of src. */
async function typeChecks({ file }, mutated, slot) {
  const root = join(work, `types-${slot}`);
  rmSync(root, { recursive: true, force: true });
  mkdirSync(root, { recursive: true });
  cpSync("src", join(root, "src"), { recursive: true });
  writeFileSync(join(root, file), mutated);
  writeFileSync(join(root, "tsconfig.json"), JSON.stringify({ extends: join(process.cwd(), "tsconfig.json"), include: ["src"] }));
  try {
    await run("node_modules/.bin/tsc", ["-p", join(root, "tsconfig.json"), "--typeRoots", "node_modules/@types"]);
    return null;
  } catch (error) {
    return `types: ${String(error.stdout).split("\n")[0]}`;
  }
}

const { total, mutants } = chosen();
rmSync(work, { recursive: true, force: true });
const slots = Array.from({ length: availableParallelism() }, (_, slot) => slot);
for (const slot of slots) {
  mkdirSync(join(work, `${slot}`), { recursive: true });
  for (const entry of readdirSync("dist"))
    if (!entry.startsWith(".")) cpSync(join("dist", entry), join(work, `${slot}`, entry), { recursive: true });
}
console.log(`${mutants.length} of ${total} mutants`);

const queue = mutants.entries();
const survivors = [];
let caught = 0;
async function worker(slot) {
  for (const [i, mutant] of queue) {
    const noticed = await judge(mutant, slot);
    if (noticed === null) survivors.push(mutant);
    else caught++;
    console.log(
      `${i + 1} ${noticed === null ? "SURVIVES" : "caught"} ${nameOf(mutant)}${noticed === null ? "" : ` — ${noticed.slice(0, 100)}`}`,
    );
  }
}
await Promise.all(slots.map(worker));
rmSync(work, { recursive: true, force: true });

for (const m of survivors) console.log(`survivor: ${nameOf(m)}\n  ${explained[keyOf(m)] ?? `NOT EXPLAINED; key: ${keyOf(m)}`}`);
const share = caught / mutants.length;
console.log(
  `${caught} of ${mutants.length} caught (${(100 * share).toFixed(1)} %), ${survivors.filter((m) => !(keyOf(m) in explained)).length} survivors unexplained`,
);
process.exitCode = share >= NEEDED ? 0 : 1;
