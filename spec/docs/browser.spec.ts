/** The example of docs/browser.md in the packaged Chromium, with and without the headers that it names. */
import { beforeAll, expect, it, onTestFinished } from "vitest";
import { contentPolicy, exampleFiles, isolation, threadsPolicy } from "../browser/example.ts";
import { serve, type Files, type SentHeaders } from "../browser/site.ts";
import { inChromium, UNHURRIED } from "../browser/suite.ts";

/** As the page says, from a network that has learned nothing yet. */
const UNDECIDED = Math.log(10);

inChromium("the example of docs/browser.md", (browser) => {
  let files: Files = new Map();
  beforeAll(async () => {
    files = await exampleFiles();
  }, UNHURRIED);

  /** What the page says after the button was pressed, until it says so much; and whether it is isolated. */
  async function pressed(
    headers: SentHeaders,
    threads: number,
    until: RegExp,
  ): Promise<{ readonly said: readonly string[]; readonly isolated: boolean }> {
    const site = await serve(files, headers);
    onTestFinished(site.close);
    const page = await browser().newPage();
    onTestFinished(() => page.close());
    await page.goto(`${site.url}?threads=${threads}`);
    const said = page.evaluate(
      (until) =>
        new Promise<readonly string[]>((resolve) => {
          const line = document.querySelector("p");
          const said: string[] = [];
          new MutationObserver(() => {
            said.push(line?.textContent ?? "");
            if (new RegExp(until).test(said.at(-1) ?? "")) resolve(said);
          }).observe(line ?? document, { childList: true });
        }),
      until.source,
    );
    await page.getByRole("button").click();
    return { said: await said, isolated: await page.evaluate(() => crossOriginIsolated) };
  }

  it.each([
    { what: "no headers", headers: {}, isolated: false, threads: 1 },
    { what: "those of isolation", headers: isolation, isolated: true, threads: 2 },
    { what: "those of isolation and the policy on content", headers: { ...isolation, ...contentPolicy }, isolated: true, threads: 1 },
    { what: "those of isolation and the policy for threads", headers: { ...isolation, ...threadsPolicy }, isolated: true, threads: 2 },
  ])("learns its batch with $what, threads: $threads", async ({ headers, isolated, threads }) => {
    const { said, isolated: found } = await pressed(headers, threads, /^step 20 |Error/);
    expect(found).toBe(isolated);
    const losses = said.map((text) => Number(/^step \d+ of 20: loss (.*)$/.exec(text)?.[1]));
    expect(losses.length).toBe(20);
    expect(Math.abs((losses[0] ?? NaN) - UNDECIDED)).toBeLessThan(0.5);
    expect(losses.at(-1)).toBeLessThan(0.1);
  });

  it("says why it does not under a policy that lets no WebAssembly compile", async () => {
    const strict = Object.fromEntries(
      Object.entries(contentPolicy).map(([name, value]) => [name, value.replace(" 'wasm-unsafe-eval'", "")]),
    );
    expect(strict).not.toEqual(contentPolicy);
    const { said } = await pressed(strict, 1, /Error/);
    expect(said.at(-1)).toMatch(/^CompileError: /);
  });

  it("says why it does not on threads that the policy or the page has no place for", async () => {
    const { said: refused } = await pressed({ ...isolation, ...contentPolicy }, 2, /Error/);
    expect(refused.at(-1)).toMatch(/^Error: wasm: a thread could not be started: .* content policy without `worker-src blob:`$/);
    const { said: apart } = await pressed({}, 2, /Error/);
    expect(apart.at(-1)).toMatch(/^RangeError: wasm: 2 threads need shared memory/);
  });
});
