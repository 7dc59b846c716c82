/** A training that obeys the page: between two steps it takes the page's commands, one after the other. It knows neither worker nor clock. */
import type { Engine } from "#deit/index.js";
import type { Command, Report } from "./messages.ts";
import type { Start } from "./settings.ts";
import { openStudent } from "./student.ts";
import { openTraining, type Opening, type Studio, type Training } from "./training.ts";

/** What a session needs of its surroundings. */
export interface Surroundings {
  readonly openEngine: (start: Start, threads: number) => Promise<Engine>;
  readonly post: (report: Report) => void;
  /** Lets messages arrive. */
  readonly turn: () => Promise<unknown>;
  /** Milliseconds. */
  readonly now: () => number;
}

/** Opens engine and student. */
async function studioOf(opening: Opening, { openEngine, post }: Surroundings): Promise<Studio> {
  const { timeline, recipe, digits, threads } = opening;
  const engine = await openEngine(timeline.start, threads);
  const student = openStudent(engine, recipe, digits, timeline.start);
  const { stepsPerEpoch } = student;
  const steps = stepsPerEpoch * timeline.start.epochs;
  post({ told: "opened", engine: engine.name, threads, stepsPerEpoch, steps, config: student.config, testImages: student.test.count });
  const classes = Array.from({ length: student.config.classes }, (_, digit) => `${digit}`);
  return { engine, student, steps, opening, expected: { normalisation: recipe.recipe.data, classes } };
}

/** Returns the function that takes the page's commands. */
export function openSession(around: Surroundings): (command: Command) => void {
  const queue: Command[] = [];
  let training: Training | null = null;
  let [busy, running, goal]: [boolean, boolean, number] = [false, false, Infinity];

  const arrived = (of: Training): boolean => of.ended() || of.step() >= goal;
  const tell = (of: Training): void => around.post({ told: "state", step: of.step(), running, timeline: of.timeline(), ended: of.ended() });

  /** Runs until so many steps are done. */
  const runTo = (of: Training, step: number): void => {
    goal = step;
    running = !arrived(of);
  };

  async function obey(command: Command): Promise<void> {
    if (command.do === "open") training = await openTraining(await studioOf(command, around), around.post, around.now);
    if (training === null) throw new Error("playground: nothing is open yet");
    if (command.do === "look") return training.look(command.subject);
    if (command.do === "sample") return training.sample();
    if (command.do === "run") runTo(training, Infinity);
    if (command.do === "pause") running = false;
    if (command.do === "step") runTo(training, training.step() + 1);
    if (command.do === "change") training.change(command.set);
    if (command.do === "layers") training.layers(command.wanted);
    if (command.do === "goTo") {
      if (command.step < training.step()) training.restore(command.step);
      runTo(training, command.step);
    }
    if (!running) await training.measure();
    tell(training);
  }

  async function advance(of: Training): Promise<void> {
    await of.advance();
    if (!arrived(of)) return;
    running = false;
    await of.measure();
    tell(of);
  }

  async function work(): Promise<void> {
    busy = true;
    while (queue.length > 0 || running) {
      try {
        const command = queue.shift();
        if (command !== undefined) await obey(command);
        else if (training !== null) await advance(training);
      } catch (error) {
        running = false;
        around.post({ told: "failed", message: error instanceof Error ? error.message : String(error) });
      }
      await around.turn();
    }
    busy = false;
  }

  return (command) => {
    queue.push(command);
    if (!busy) void work();
  };
}
