/** A process for one library at one number of threads: `node child.js LIBRARY WHAT THREADS`. It loads the model, then answers questions. */
import type { Library, Loaded, Results } from "./library.ts";
import { NotAvailable } from "./library.ts";

export type What = "forward" | "train";

export type Answer =
  | { readonly kind: "loaded"; readonly version: string }
  | { readonly kind: "not available" | "failed"; readonly reason: string }
  | { readonly kind: "results"; readonly results: Results }
  | { readonly kind: "time"; readonly wall: number; readonly processor: number };

/** Each question has one answer. */
export type Question = "results" | "run";

const say = (answer: Answer): void => void process.send?.(answer);

/** ms of one run: wall-clock time, and CPU time of all threads of this process. */
async function timed({ run }: Loaded): Promise<Answer> {
  const [used, start] = [process.cpuUsage(), performance.now()];
  await run();
  const wall = performance.now() - start;
  const { user, system } = process.cpuUsage(used);
  return { kind: "time", wall, processor: (user + system) / 1000 }; // from microseconds
}

async function load(name: string, what: string, threads: number): Promise<Loaded> {
  const { library }: { library: Library } = await import(`./libraries/${name}.js`);
  const loader = what === "train" ? library.train : library.forward;
  if (loader === null) throw new Error("it does not train");
  const loaded = await loader(threads);
  say({ kind: "loaded", version: library.version });
  return loaded;
}

/** An answer that says what went wrong. */
const failure = (error: unknown): Answer => ({
  kind: error instanceof NotAvailable ? "not available" : "failed",
  reason: error instanceof Error ? error.message : String(error),
});

process.on("disconnect", () => process.exit()); // threads of a library would outlive the parent
const [name = "", what = "", threads = ""] = process.argv.slice(2);
try {
  const loaded = await load(name, what, Number(threads));
  const answer = async (question: Question): Promise<Answer> =>
    question === "results" ? { kind: "results", results: await loaded.results() } : timed(loaded);
  process.on("message", (question: Question) => void answer(question).catch(failure).then(say));
} catch (error) {
  say(failure(error));
}
