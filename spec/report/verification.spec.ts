import { readFileSync } from "node:fs";
import { parseHTML } from "linkedom";
import { describe, expect, it } from "vitest";
import type { HostArray } from "../../src/check/host.ts";
import { referenceEngine } from "../../src/engines/reference/engine.ts";
import { pictureOf, type Picture } from "../../src/recording/picture.ts";
import { readRecording, type Recording } from "../../src/recording/format/read.ts";
import { verify, type Verdict } from "../../src/recording/verify.ts";
import { figure, small, used } from "../../src/report/verification/figures.ts";
import { verificationPage } from "../../src/report/verification/page.ts";
import { forwardOnly, recordingFile, zeros } from "../recording/helpers.ts";
import { nestingFault } from "./nesting.ts";

type Page = ReturnType<typeof parseHTML>["document"];

const engine = referenceEngine();
const ABOUT = { file: "runs/mine.safetensors", engine: "reference, f64", version: "1.2.3" };

const fixture = (path: string): Recording => readRecording(readFileSync(new URL(`../../fixtures/${path}.safetensors`, import.meta.url)));
const pictured = async (recording: Recording): Promise<Picture> => pictureOf(engine, recording, await verify(engine, recording));
const parsed = (picture: Picture): Page => parseHTML(verificationPage(picture, ABOUT)).document;

function textsOf(within: Pick<Page, "querySelectorAll">, selector: string): readonly string[] {
  return [...within.querySelectorAll(selector)].map(({ textContent }) => (textContent ?? "").trim().replaceAll(/\s+/g, " "));
}

const right = await pictured(fixture("recordings/tiny-plain-soft-class-mixed-f64"));
const forward = await pictured(fixture("recorded/mine-tanh-f64"));
const backward = await pictured(fixture("planted/scale-missing-in-vjp.hash-hard-f64.everywhere"));
const optimiser = await pictured(fixture("planted/decay-on-everything.hash-hard-f64.optimizer"));
const lossAlone = await pictured(fixture("planted/soft-tau-squared-missing.hash-soft-f64.loss"));
const unknown = await pictured(fixture("planted/rms-norm.hash-hard-f64.everywhere"));
const deep = await pictured(
  readRecording(
    recordingFile(
      { ...forwardOnly, model: { ...forwardOnly.model, depth: 60 } },
      { "taps/blocks.59.norm2": zeros(2, 5, 4), "taps/blocks.59.mlp.fc1": zeros(2, 5, 8) },
    ),
  ),
);
const broken: HostArray = {
  shape: [2, 4, 4],
  data: Float64Array.from({ length: 32 }, (_, i) => (i === 17 ? NaN : i === 3 ? Infinity : i)),
};
const notFinite = await pictured(
  readRecording(recordingFile(forwardOnly, { "taps/patch_embed": { dtype: "F64", shape: broken.shape, data: broken.data } })),
);

const all: readonly (readonly [string, Picture])[] = [
  ["a right recording", right],
  ["a wrong step forward", forward],
  ["a wrong step backward", backward],
  ["a wrong step of the optimiser", optimiser],
  ["a wrong loss alone", lossAlone],
  ["an error that is not known", unknown],
  ["60 blocks", deep],
  ["values that are not finite", notFinite],
];
const wrong = all.filter(([, { verification }]) => !verification.match);

const hostile = "<script>alert(\"1\")</script> & '2' <img src=x onerror=alert(1)>";

describe("the page of a verification", () => {
  it.each(all)("draws every tensor that the recording holds, once: %s", (name, picture) => {
    const cells = [...parsed(picture).querySelectorAll(".network td [title]")];
    const titles = cells.map((cell) => (cell.getAttribute("title") ?? "").split(": ")[0] ?? "");
    const held = picture.tensors.filter(({ recorded }) => recorded).map((tensor) => tensor.name);
    const drawn = held.filter((tensor) => titles.filter((title) => title === tensor).length === 1);
    expect(drawn).toEqual(name === "60 blocks" ? [] : held);
  });

  it("says how many tensors are in blocks that are not drawn, and how many of them are wrong", () => {
    expect(textsOf(parsed(deep), ".rest")).toEqual(["blocks 48 to 59 are not drawn: 2 tensors, 2 of them wrong"]);
  });

  it.each(all.slice(0, 6))("shows the numbers of the verification: %s", (_, picture) => {
    const document = parsed(picture);
    for (const verdict of picture.verification.tensors) {
      const cell = [...document.querySelectorAll("button[popovertarget]")].find((button) =>
        button.getAttribute("title")?.startsWith(`${verdict.name}: `),
      );
      const panel = document.getElementById(cell?.getAttribute("popovertarget") ?? "");
      if (panel === null) throw new Error(`no numbers of ${verdict.name}`);
      const column = textsOf(panel, "thead th").indexOf(verdict.local ? "local" : "end to end");
      const shown = [...panel.querySelectorAll("tbody tr")].map((row) => textsOf(row, "th, td")[column]);
      const { ok, error, tolerance, maxAbs, rms, worstIndex, actual, expected }: Verdict = verdict;
      expect(shown).toEqual([
        ok ? "✓ right" : "✗ wrong",
        small(error),
        small(tolerance.bound),
        used(error, tolerance.bound),
        small(maxAbs),
        small(rms),
        `[${worstIndex.join(", ")}]`,
        figure(actual),
        figure(expected),
      ]);
    }
  });

  it.each(wrong)("opens the first wrong tensor, frames it in the drawing, and explains it: %s", (name, picture) => {
    const document = parsed(picture);
    const { first, explanations, findings } = picture.verification;
    expect(textsOf(document, "details[open] > summary code")).toEqual([first?.name]);
    const framed = [...document.querySelectorAll(".network .first")].map((cell) => (cell.getAttribute("title") ?? "").split(": ")[0]);
    expect(framed).toEqual(name === "60 blocks" ? [] : [first?.name]); // of the blocks that are not drawn nothing is framed
    const said = textsOf(document, "details[open] .why").join(" ");
    for (const { variant, text } of explanations.filter(({ at }) => at === first?.name)) expect(said).toContain(variant ?? text);
    for (const hint of findings?.explanation === null ? findings.hints : []) expect(textsOf(document, ".hints li")).toContain(hint);
    const maps = document.querySelectorAll("details[open] .maps figure");
    const numbers = picture.wrongTensors[0]?.recorded.data.length ?? 0;
    expect(maps).toHaveLength(numbers > 1 ? 3 : 0);
  });

  it("marks nothing if all is right", () => {
    const document = parsed(right);
    expect(document.querySelector("#wrong")).toBeNull();
    expect(textsOf(document, ".network").join("")).not.toMatch(/✗/);
    expect(textsOf(document, ".verdict")).toEqual([
      `✓ match All ${right.verification.tensors.length} tensors of this recording are within their tolerance.`,
    ]);
  });

  it("distinguishes right, wrong, not judged and not recorded by a sign as well as by a colour", () => {
    const document = parsed(backward);
    const signs = { right: "✓", "off-1": "✗", "off-2": "✗", "off-3": "✗", unjudged: "–" } as const;
    let seen = 0;
    for (const half of document.querySelectorAll(".network .both span")) {
      const look = half.className;
      expect(textsOf(half, "i")).toEqual([Reflect.get(signs, look)]);
      seen++;
    }
    expect(seen).toBe(2 * backward.verification.tensors.length);
    expect(new Set(textsOf(document, ".network .absent"))).toEqual(new Set(["·"]));
  });

  it.each(all)("is well-formed, needs no script and no other file: %s", (_, picture) => {
    const text = verificationPage(picture, ABOUT);
    expect(nestingFault(text)).toBeNull();
    const { document } = parseHTML(text);
    expect(document.querySelectorAll("script, link, iframe, object, embed, base")).toHaveLength(0);
    const attributes = [...document.querySelectorAll("*")].flatMap((element) => [...element.attributes]);
    const links = attributes.filter(({ name }) => ["href", "src", "srcset", "xlink:href"].includes(name)).map(({ value }) => value);
    expect(links.filter((link) => !/^(#|data:image\/png;base64,)/.test(link))).toEqual([]);
    expect(attributes.filter(({ name }) => name.startsWith("on"))).toEqual([]);
    expect(text).not.toMatch(/@import|url\(|https?:/);
    const ids = [...document.querySelectorAll("[id]")].map(({ id }) => id);
    expect(new Set(ids).size).toBe(ids.length);
    const popovers = attributes.filter(({ name }) => name === "popovertarget").map(({ value }) => value);
    expect(popovers.filter((id) => !ids.includes(id))).toEqual([]);
  });

  it("has every colour in light and in dark mode", () => {
    const text = verificationPage(forward, ABOUT);
    const names = new Set([...text.matchAll(/var\(--([\w-]+)\)/g)].map(([, name]) => name));
    const roots = [...text.matchAll(/:root \{([^}]*)\}/g)].map(
      ([, body = ""]) => new Set([...body.matchAll(/--([\w-]+):/g)].map(([, name]) => name)),
    );
    expect(roots).toHaveLength(4); // light and dark of all pages, light and dark of this one
    const [light, dark] = [0, 1].map((i) => new Set([...(roots[i] ?? []), ...(roots[i + 2] ?? [])]));
    for (const name of names) expect([name, light?.has(name), dark?.has(name)]).toEqual([name, true, true]);
  });

  it("shows the texts of a producer and a path unchanged, markup included", () => {
    const attacked: Picture = { ...forward, configuration: { ...forward.configuration, producer: hostile } };
    const text = verificationPage(attacked, { file: hostile, engine: hostile, version: hostile });
    const { document } = parseHTML(text);
    expect(document.querySelectorAll("script, img")).toHaveLength(0);
    expect(textsOf(document, ".facts dd")[0]).toBe(`${hostile}, in float64`);
    expect(textsOf(document, ".facts dd").at(-1)).toBe(`engine ${hostile}, deit ${hostile}`);
    expect(nestingFault(text)).toBeNull();
  });

  it("labels each picture, and has a heading for each column", () => {
    for (const [, picture] of all) {
      const document = parsed(picture);
      for (const svg of document.querySelectorAll("svg"))
        expect(svg.getAttribute("aria-hidden") === "true" || (svg.getAttribute("aria-label")?.length ?? 0) > 10).toBe(true);
      for (const row of document.querySelectorAll(".network tr")) expect(row.querySelector("th[scope=row], .rest")).not.toBeNull();
      for (const table of document.querySelectorAll("table:not(.network)"))
        expect(table.querySelectorAll("thead th[scope=col]").length).toBeGreaterThan(1);
    }
  });

  it("is the same text for the same recording", async () => {
    expect(verificationPage(await pictured(fixture("recorded/mine-tanh-f64")), ABOUT)).toBe(verificationPage(forward, ABOUT));
  });
});
