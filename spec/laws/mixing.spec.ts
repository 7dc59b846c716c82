/** The processing of a batch before the network, and errors in it that the rows must find. */
import { expect, it } from "vitest";
import { runRow, type Row } from "../../src/check/laws/row.ts";
import { cutMixRow, mixingRows } from "../../src/laws/rows/mixing.ts";
import { unfused } from "../../src/ops/observe.ts";
import type { Routine } from "../../src/ops/op.ts";
import { axis, type Tensor } from "../../src/tensor/tensor.ts";
import { cutMix, cutMixBox, type Box, type BoxSettings, type CutBox, type Span } from "../../src/train/mixing/cutMix.ts";
import { mixup } from "../../src/train/mixing/mixup.ts";
import { normalisePixels } from "../../src/train/mixing/normalisePixels.ts";
import { inEachPrecision, onEachEngine } from "../helpers/engines.ts";
import { eachRowHolds } from "../helpers/laws.ts";
import { enginesWith, type PlantedError } from "../helpers/planted.ts";

/** A routine with another formula, which may call the right one. */
const planted = <In, Attrs>(
  routine: Routine<In, Attrs>,
  what: string,
  run: (right: Routine<In, Attrs>["run"], ...call: Parameters<Routine<In, Attrs>["run"]>) => Tensor,
): PlantedError => ({
  op: routine,
  name: routine.name,
  what,
  wrong: { name: routine.name, run: (...[k, ...call]: Parameters<typeof routine.run>) => run(routine.run, unfused(k), ...call) },
});

/** The box with rows and columns exchanged, clipped to an image of H × W pixels. */
function exchanged({ rows, columns }: Box, H: number, W: number): Box {
  const within = ([from, to]: Span, side: number): Span => [Math.min(from, side), Math.min(to, side)];
  return { rows: within(columns, H), columns: within(rows, W) };
}

const mixupErrors: readonly PlantedError[] = [
  planted(mixup, "sample i mixed with itself", (_, k, { x }, { lambda }) => k.add(k.scale(x, lambda), k.scale(x, 1 - lambda))),
  planted(mixup, "λ and 1 − λ exchanged", (right, k, { x }, { lambda }) => right(k, { x }, { lambda: 1 - lambda })),
  planted(mixup, "the partner added whole", (right, k, { x }, { lambda }) => k.add(k.scale(x, lambda), right(k, { x }, { lambda: 0 }))),
  planted(mixup, "the halves of the batch exchanged instead of its order reversed", (_, k, { x }, { lambda }) => {
    const [B = 0] = x.shape;
    const partner = k.concat([k.slice(x, 0, B / 2, B), k.slice(x, 0, 0, B / 2)], 0);
    return k.add(k.scale(x, lambda), k.scale(partner, 1 - lambda));
  }),
];

const cutMixErrors: readonly PlantedError[] = [
  planted(cutMix, "rows and columns exchanged", (right, k, { x }, box) =>
    right(k, { x }, exchanged(box, axis(x.shape, 2), axis(x.shape, 3))),
  ),
  planted(cutMix, "the image pasted around the box", (right, k, { x }, box) => right(k, { x: mixup.run(k, { x }, { lambda: 0 }) }, box)),
  planted(cutMix, "the box of the image itself", (_, k, { x }) => k.scale(x, 1)),
  planted(cutMix, "the last row of the box left out", (right, k, { x }, { rows: [top, bottom], columns }) =>
    right(k, { x }, { rows: [top, Math.max(top, bottom - 1)], columns }),
  ),
];

const pixelErrors: readonly PlantedError[] = [
  planted(normalisePixels, "the mean of the wrong channel", (right, k, { x, mean, std }) => {
    const [C = 0] = mean.shape;
    return right(k, { x, mean: k.concat([k.slice(mean, 0, 1, C), k.slice(mean, 0, 0, 1)], 0), std });
  }),
  planted(normalisePixels, "times the deviation", (_, k, { x, mean, std }) =>
    normalisePixels.run(k, { x, mean: k.scale(mean, 1), std: k.div(k.addScalar(k.scale(std, 0), 1), std) }),
  ),
  planted(normalisePixels, "divided before the mean is subtracted", (right, k, { x, mean, std }) =>
    right(k, { x, mean: k.mul(mean, std), std }),
  ),
];

interface BoxError {
  readonly what: string;
  readonly boxOf: (settings: BoxSettings) => CutBox;
}

const boxErrors: readonly BoxError[] = [
  { what: "λ not corrected", boxOf: (settings) => ({ ...cutMixBox(settings), lambda: settings.lambda }) },
  {
    what: "λ corrected for the lost pixel, and not for clipping",
    boxOf: (settings) => {
      const { H, W } = settings;
      const cut = (side: number): number => 2 * Math.floor(Math.trunc(side * Math.sqrt(1 - settings.lambda)) / 2);
      return { ...cutMixBox(settings), lambda: 1 - (cut(H) * cut(W)) / (H * W) };
    },
  },
  { what: "the odd pixel kept in rule `deit`", boxOf: (settings) => cutMixBox({ ...settings, rule: "timm" }) },
  { what: "the odd pixel lost in rule `timm`", boxOf: (settings) => cutMixBox({ ...settings, rule: "deit" }) },
  {
    what: "rows and columns exchanged",
    boxOf: (settings) => {
      const { box, lambda } = cutMixBox(settings);
      return { box: exchanged(box, settings.H, settings.W), lambda };
    },
  },
  { what: "λ instead of 1 − λ", boxOf: (settings) => cutMixBox({ ...settings, lambda: 1 - settings.lambda }) },
];

const rowOf = (id: string): Row => {
  const found = mixingRows.find((row) => row.id === id);
  if (found === undefined) throw new Error(`no row ${id}`);
  return found;
};

/** Rows, and the errors that each must find. */
const caughtBy: readonly (readonly [id: string, errors: readonly PlantedError[]])[] = [
  ["E33", mixupErrors],
  ["E38", mixupErrors],
  ["E39", cutMixErrors],
  ["identity/pixels", pixelErrors],
];

const TRIES = { cases: 20, seed: 5 };

/** A failure by wrong numbers, not by an exception. */
const OFF = { status: "off", failure: expect.stringMatching(/^case \d+$/) };

onEachEngine((suite) => {
  eachRowHolds(suite, mixingRows, { cases: 50, seed: 14 });
});

inEachPrecision((suite) => {
  it.each(caughtBy.flatMap(([id, errors]) => errors.map((error) => [id, error.name, error.what, error] as const)))(
    "%s finds in %s: %s",
    async (id, _name, _what, error) => {
      expect(await runRow(rowOf(id), enginesWith(await suite.made, error), TRIES)).toMatchObject({ id, ...OFF });
    },
  );

  it("identities of mixing find shares that do not sum to 1", async () => {
    const error = planted(mixup, "a thousandth too much", (right, k, { x }, { lambda }) => k.scale(right(k, { x }, { lambda }), 1.001));
    expect(await runRow(rowOf("identity/mixing"), enginesWith(await suite.made, error), TRIES)).toMatchObject(OFF);
  });

  it.each(boxErrors.map((error) => [error.what, error] as const))("E39 finds in its box: %s", async (_, { boxOf }) => {
    expect(await runRow(cutMixRow(boxOf), await suite.made, TRIES)).toMatchObject(OFF);
  });
});
