/** The example of docs/browser.md in the packaged Chromium, with and without the headers that it names. */
import type { Page } from "playwright-core";
import { afterEach, beforeAll, describe, expect, it } from "vitest";
import { contentPolicy, exampleFiles, isolation, threadsPolicy } from "../browser/example.ts";
import { serve, type Files, type SentHeaders } from "../browser/site.ts";
import { inChromium, START_TIMEOUT_MS } from "../browser/suite.ts";

/** The loss of a network that has learned nothing yet. */
const UNDECIDED = Math.log(10);
const STEPS = 20;
/** Steps from one checkpoint to the next. */
const EVERY = 5;

/** The digests of the checkpoints that the page has received, which `listen` collects. */
declare const digests: Promise<string>[];

/** Runs on the page before its own program, and observes the messages of its workers. */
function listen(): void {
  const digests: Promise<string>[] = [];
  const digestOf = async (tensors: ReadonlyMap<string, { readonly data: Float32Array<ArrayBuffer> }>): Promise<string> => {
    const bytes = await new Blob([...tensors.values()].map(({ data }) => data)).arrayBuffer();
    return new Uint8Array(await crypto.subtle.digest("SHA-256", bytes)).toString();
  };
  class ObservedWorker extends Worker {
    constructor(url: string | URL, options?: WorkerOptions) {
      super(url, options);
      this.addEventListener("message", ({ data }) => {
        if ("checkpoint" in data) digests.push(digestOf(data.checkpoint.tensors));
      });
    }
  }
  Object.assign(globalThis, { Worker: ObservedWorker, digests });
}

/** The texts that the page shows from now on, up to the first that matches `until`. With `press`, the button is then pressed before the page can receive another message. */
const textsUntil = (page: Page, until: RegExp, then: "press" | "nothing" = "nothing"): Promise<readonly string[]> =>
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
/** The integers from `first` to `last`, both included. */
const range = (first: number, last: number): readonly number[] => Array.from({ length: last - first + 1 }, (_, i) => first + i);

/** A policy that does not allow WebAssembly to compile. */
const strict = Object.fromEntries(Object.entries(contentPolicy).map(([name, value]) => [name, value.replace(" 'wasm-unsafe-eval'", "")]));

/** A summary of the texts that the page has shown. */
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
  }, START_TIMEOUT_MS);

  const closing: (() => unknown)[] = [];
  afterEach(async () => {
    for (const close of closing.splice(0)) await close();
  });

  /** A page of the example, which is closed when the test ends. */
  async function openedPage(headers: SentHeaders, query: string): Promise<Page> {
    const site = await serve(files, headers);
    closing.push(site.close);
    const page = await browser().newPage();
    closing.push(() => page.close());
    await page.addInitScript(listen);
    await page.goto(`${site.url}?${query}`);
    return page;
  }

  const press = (page: Page): Promise<void> => page.getByRole("button").click();

  /** Presses the button. Returns all texts that the page then shows. */
  async function pressed(page: Page): Promise<readonly string[]> {
    const said = textsUntil(page, END);
    await press(page);
    return said;
  }

  /** Presses the button, and again after this step. */
  async function stopped(page: Page, step: number): Promise<void> {
    const said = textsUntil(page, new RegExp(`^step ${step} `), "press");
    await press(page);
    expect((await said).map(stepOf)).toEqual(range(1, step));
    expect(await page.getByRole("button").textContent()).toBe("Continue");
  }

  it.each([
    { what: "no headers", headers: {}, isolated: false, query: "threads=1" },
    { what: "the headers of isolation", headers: isolation, isolated: true, query: "threads=2" },
    {
      what: "the headers of isolation and the content policy for one thread",
      headers: { ...isolation, ...contentPolicy },
      isolated: true,
      query: "threads=1",
    },
    {
      what: "the headers of isolation and the content policy for threads",
      headers: { ...isolation, ...threadsPolicy },
      isolated: true,
      query: "threads=2",
    },
  ])("memorises its batch with $what, $query", async ({ headers, isolated, query }) => {
    const page = await openedPage(headers, query);
    const said = await pressed(page);
    expect(await page.evaluate(() => crossOriginIsolated)).toBe(isolated);
    expect(courseOf(said)).toEqual(course);
  });

  it("reports the error under a policy that does not allow WebAssembly to compile", async () => {
    expect(strict).not.toEqual(contentPolicy);
    const said = await pressed(await openedPage(strict, "threads=1"));
    expect(said.at(-1)).toMatch(/^CompileError: /);
  });

  it("reports the error if the policy or the page does not allow threads", async () => {
    const refused = await pressed(await openedPage({ ...isolation, ...contentPolicy }, "threads=2"));
    expect(refused.at(-1)).toMatch(/^Error: wasm: a thread could not be started: .* content security policy lacks `worker-src blob:`$/);
    const apart = await pressed(await openedPage({}, "threads=2"));
    expect(apart.at(-1)).toMatch(/^RangeError: wasm: 2 threads need shared memory/);
  });

  /** The digest of the last checkpoint, once the page has received all. */
  async function lastDigest(page: Page): Promise<string | undefined> {
    await page.waitForFunction((all) => digests.length === all, STEPS / EVERY);
    return page.evaluate(() => digests.at(-1));
  }

  it("continues in another worker after the first was stopped, with bitwise identical results", async () => {
    const whole = await openedPage({}, "engine=wasm");
    await pressed(whole);
    const page = await openedPage({}, "engine=wasm");
    await stopped(page, 8);
    expect((await pressed(page)).map(stepOf)).toEqual(range(6, STEPS));
    expect(await lastDigest(page)).toBe(await lastDigest(whole));
  });

  describe("on a software adapter", () => {
    const query = "engine=webgpu&depth=1&batch=2";
    let uninterrupted: string | undefined;

    it("memorises its batch, under a policy that does not allow WebAssembly to compile", async () => {
      const page = await openedPage(strict, query);
      expect(courseOf(await pressed(page))).toEqual(course);
      uninterrupted = await lastDigest(page);
    });

    it("continues with bitwise identical results after its worker was stopped and the browser's GPU process has crashed", async () => {
      const page = await openedPage({}, query);
      await stopped(page, 6);
      const [before, all] = [textsUntil(page, /^step 7 /), textsUntil(page, END)];
      await press(page);
      expect((await before).map(stepOf)).toEqual([6, 7]);
      const session = await browser().newBrowserCDPSession();
      const gpuProcess = async (): Promise<number | undefined> =>
        (await session.send("SystemInfo.getProcessInfo")).processInfo.find(({ type }) => type === "GPU")?.id;
      const killed = await gpuProcess();
      await session.send("Browser.crashGpuProcess");
      expect(await page.locator("p").textContent()).not.toMatch(END); // the device was lost before the work was done
      expect(new Set((await all).map(stepOf))).toEqual(new Set(range(6, STEPS)));
      expect(await gpuProcess()).not.toBe(killed);
      expect(await lastDigest(page)).toBe(uninterrupted);
    });
  });
});
