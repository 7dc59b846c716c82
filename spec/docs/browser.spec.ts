/** The example of docs/browser.md in the packaged Chromium, with and without the headers that it names. */
import type { Page } from "playwright-core";
import { afterEach, beforeAll, describe, expect, it } from "vitest";
import { contentPolicy, exampleFiles, isolation, threadsPolicy } from "../browser/example.ts";
import { serve, type Files, type SentHeaders } from "../browser/site.ts";
import { inChromium, UNHURRIED } from "../browser/suite.ts";

/** As the page says, from a network that has learned nothing yet. */
const UNDECIDED = Math.log(10);
const STEPS = 20;
/** Steps from one checkpoint to the next. */
const EVERY = 5;

/** What the page keeps, seen from outside: the digests of its checkpoints are collected there. */
declare const digests: Promise<string>[];

/** Runs on the page before its own program: listens to its workers. */
function listen(): void {
  const digests: Promise<string>[] = [];
  const digestOf = async (tensors: ReadonlyMap<string, { readonly data: Float32Array<ArrayBuffer> }>): Promise<string> => {
    const bytes = await new Blob([...tensors.values()].map(({ data }) => data)).arrayBuffer();
    return new Uint8Array(await crypto.subtle.digest("SHA-256", bytes)).toString();
  };
  class Heard extends Worker {
    constructor(url: string | URL, options?: WorkerOptions) {
      super(url, options);
      this.addEventListener("message", ({ data }) => {
        if ("checkpoint" in data) digests.push(digestOf(data.checkpoint.tensors));
      });
    }
  }
  Object.assign(globalThis, { Worker: Heard, digests });
}

/** What the page says from now on, until it says so much; then its button is pressed, if so wished, before the page hears any more. */
const saidUntil = (page: Page, until: RegExp, then: "press" | "nothing" = "nothing"): Promise<readonly string[]> =>
  page.evaluate(
    ([until, then]) =>
      new Promise<readonly string[]>((resolve) => {
        const line = document.querySelector("p");
        const said: string[] = [];
        const observer = new MutationObserver(() => {
          said.push(line?.textContent ?? "");
          if (!new RegExp(until).test(said.at(-1) ?? "")) return;
          observer.disconnect();
          if (then === "press") document.querySelector("button")?.click();
          resolve(said);
        });
        observer.observe(line ?? document, { childList: true });
      }),
    [until.source, then] as const,
  );

const END = new RegExp(`^step ${STEPS} |Error`);
const stepOf = (text: string): number => Number(/^step (\d+) of 20: loss /.exec(text)?.[1]);
const lossOf = (text: string): number => Number(/^step \d+ of 20: loss (.*)$/.exec(text)?.[1]);
/** Whole numbers, both included. */
const range = (first: number, last: number): readonly number[] => Array.from({ length: last - first + 1 }, (_, i) => first + i);

/** That lets no WebAssembly compile. */
const strict = Object.fromEntries(Object.entries(contentPolicy).map(([name, value]) => [name, value.replace(" 'wasm-unsafe-eval'", "")]));

/** What the page has said, in short. */
const courseOf = (
  said: readonly string[],
): { readonly steps: readonly number[]; readonly undecided: boolean; readonly learned: boolean } => ({
  steps: said.map(stepOf),
  undecided: Math.abs(lossOf(said[0] ?? "") - UNDECIDED) < 0.5,
  learned: lossOf(said.at(-1) ?? "") < 0.1,
});
const course = { steps: range(1, STEPS), undecided: true, learned: true };

inChromium("the example of docs/browser.md", (browser) => {
  let files: Files = new Map();
  beforeAll(async () => {
    files = await exampleFiles();
  }, UNHURRIED);

  const closing: (() => unknown)[] = [];
  afterEach(async () => {
    for (const close of closing.splice(0)) await close();
  });

  /** Until the test is over. */
  async function opened(headers: SentHeaders, query: string): Promise<Page> {
    const site = await serve(files, headers);
    closing.push(site.close);
    const page = await browser().newPage();
    closing.push(() => page.close());
    await page.addInitScript(listen);
    await page.goto(`${site.url}?${query}`);
    return page;
  }

  const press = (page: Page): Promise<void> => page.getByRole("button").click();

  /** What the page says after the button was pressed. */
  async function pressed(page: Page): Promise<readonly string[]> {
    const said = saidUntil(page, END);
    await press(page);
    return said;
  }

  /** Presses the button, and once more after so many steps. */
  async function stopped(page: Page, step: number): Promise<void> {
    const said = saidUntil(page, new RegExp(`^step ${step} `), "press");
    await press(page);
    expect((await said).map(stepOf)).toEqual(range(1, step));
    expect(await page.getByRole("button").textContent()).toBe("Go on");
  }

  it.each([
    { what: "no headers", headers: {}, isolated: false, query: "threads=1" },
    { what: "those of isolation", headers: isolation, isolated: true, query: "threads=2" },
    {
      what: "those of isolation and the policy on content",
      headers: { ...isolation, ...contentPolicy },
      isolated: true,
      query: "threads=1",
    },
    {
      what: "those of isolation and the policy for threads",
      headers: { ...isolation, ...threadsPolicy },
      isolated: true,
      query: "threads=2",
    },
  ])("learns its batch with $what, $query", async ({ headers, isolated, query }) => {
    const page = await opened(headers, query);
    const said = await pressed(page);
    expect(await page.evaluate(() => crossOriginIsolated)).toBe(isolated);
    expect(courseOf(said)).toEqual(course);
  });

  it("says why it does not under a policy that lets no WebAssembly compile", async () => {
    expect(strict).not.toEqual(contentPolicy);
    const said = await pressed(await opened(strict, "threads=1"));
    expect(said.at(-1)).toMatch(/^CompileError: /);
  });

  it("says why it does not on threads that the policy or the page has no place for", async () => {
    const refused = await pressed(await opened({ ...isolation, ...contentPolicy }, "threads=2"));
    expect(refused.at(-1)).toMatch(/^Error: wasm: a thread could not be started: .* content security policy lacks `worker-src blob:`$/);
    const apart = await pressed(await opened({}, "threads=2"));
    expect(apart.at(-1)).toMatch(/^RangeError: wasm: 2 threads need shared memory/);
  });

  /** Of the last checkpoint, once all are there. */
  async function lastDigest(page: Page): Promise<string | undefined> {
    await page.waitForFunction((all) => digests.length === all, STEPS / EVERY);
    return page.evaluate(() => digests.at(-1));
  }

  it("goes on in another worker where the first was stopped, to the same bits", async () => {
    const whole = await opened({}, "engine=wasm");
    await pressed(whole);
    const page = await opened({}, "engine=wasm");
    await stopped(page, 8);
    expect((await pressed(page)).map(stepOf)).toEqual(range(6, STEPS));
    expect(await lastDigest(page)).toBe(await lastDigest(whole));
  });

  describe("on a GPU that is a program", () => {
    const query = "engine=webgpu&depth=1&batch=2";
    let undisturbed: string | undefined;

    it("learns its batch, under a policy that lets no WebAssembly compile", async () => {
      const page = await opened(strict, query);
      expect(courseOf(await pressed(page))).toEqual(course);
      undisturbed = await lastDigest(page);
    });

    it("goes on to the same bits where its worker was stopped, and where the browser's process for the GPU dies", async () => {
      const page = await opened({}, query);
      await stopped(page, 6);
      const [before, all] = [saidUntil(page, /^step 7 /), saidUntil(page, END)];
      await press(page);
      expect((await before).map(stepOf)).toEqual([6, 7]);
      const session = await browser().newBrowserCDPSession();
      const gpuProcess = async (): Promise<number | undefined> =>
        (await session.send("SystemInfo.getProcessInfo")).processInfo.find(({ type }) => type === "GPU")?.id;
      const killed = await gpuProcess();
      await session.send("Browser.crashGpuProcess");
      expect(await page.locator("p").textContent()).not.toMatch(END); // its device is lost with work to do
      expect(new Set((await all).map(stepOf))).toEqual(new Set(range(6, STEPS)));
      expect(await gpuProcess()).not.toBe(killed);
      expect(await lastDigest(page)).toBe(undisturbed);
    });
  });
});
