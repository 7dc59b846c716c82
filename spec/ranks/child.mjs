/**
 * A rank of the specs: `child.mjs FOLDER CASE TIMEOUT` writes what it saw into a file of the folder, as JSON. The cases: `sums`; `stopped` and `killed`, in which rank 1 sends
 * itself that signal while the others wait for its part of a sum, and rank 0 then aborts with 7; `nested`, in which another process is the rank.
 */
import { spawnSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { passedOn } from "../../dist/ranks/launch.js";
import { openRanks } from "../../dist/ranks/open.js";

const [, , folder, which, timeout] = process.argv;
const tell = (what) => writeFileSync(join(folder, `${process.pid}.json`), JSON.stringify(what));
const ordered = { kind: "ordered" };

/** Numbers of which no two sums are alike. */
const numbersOf = (length, rank) => Float32Array.from({ length }, (_, i) => Math.sin(1 + i * 13 + rank * 7) * 10 ** ((i + rank) % 5));

async function sums(ranks) {
  const { rank, count } = ranks;
  const found = {};
  for (const how of [ordered, { kind: "fast", wire: "f32" }, { kind: "fast", wire: "f16" }])
    for (const length of [0, 1, 3, 5000]) {
      const numbers = numbersOf(length, rank);
      const result = ranks.sum(numbers, how).catch((error) => [error.message]);
      numbers.fill(NaN); // they were copied
      found[`${how.kind} ${how.wire ?? ""} ${length}`] = [...(await result)];
    }
  const wide = await ranks.sum(Float64Array.of(0.1 * rank, 1e-17), { kind: "fast", wire: "f16" });
  const order = await Promise.all([ranks.gather({ rank }), ranks.barrier(), ranks.gather("é".repeat(rank))]);
  tell({ rank, count, members: ranks.members, found, wide: [...wide], gathered: [order[0], order[2]] });
}

async function lost(ranks, signal) {
  const { rank } = ranks;
  await ranks.sum(numbersOf(100_000, rank), ordered);
  if (rank === 1) process.kill(process.pid, signal);
  const begun = performance.now();
  const failed = await ranks.sum(numbersOf(100_000, rank), ordered).catch((error) => error);
  const later = await ranks.barrier().catch((error) => error);
  tell({
    rank,
    name: failed.name,
    of: failed.rank,
    message: failed.message,
    later: later.message,
    seconds: (performance.now() - begun) / 1000,
  });
  if (rank === 0) {
    await new Promise((resolve) => setTimeout(resolve, 500)); // here a run would save its checkpoint
    await ranks.abort(7);
  }
  await new Promise((resolve) => setTimeout(resolve, 60_000));
}

if (which === "nested") {
  const { descriptors, variables } = passedOn(process.env, 3);
  const env = { ...process.env, ...variables };
  process.exit(
    spawnSync(process.execPath, [process.argv[1], folder, "sums"], { stdio: ["inherit", "inherit", "inherit", ...descriptors], env })
      .status,
  );
}
const ranks = await openRanks({ timeout: Number(timeout ?? 20) }).catch((error) => {
  tell({ refused: error.message });
  process.exit(2);
});
if (ranks === null) tell({ alone: true });
else {
  if (which === "sums") await sums(ranks);
  else await lost(ranks, which === "stopped" ? "SIGSTOP" : "SIGKILL");
  await ranks.close();
}
