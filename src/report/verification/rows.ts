/** Arranges the tensors of one pass as the rows of a table: a row for each step and for each of its weights, a column for each block. */
import type { Picture, PictureStep, PictureTensor } from "../../recording/picture.ts";

export interface Row {
  /** The name in the file, without its block. */
  readonly label: string;
  /** null: the images. */
  readonly step: PictureStep | null;
  /** Whether the row is the step itself; else it is one of its weights. */
  readonly own: boolean;
  /** The tensor in each column; null: there is none. */
  readonly tensors: readonly (PictureTensor | null)[];
}

/** A part of the table with columns of its own. */
export interface Panel {
  /** Number of the block in each column; null: the panel has one column, of steps before or after the blocks. */
  readonly blocks: readonly number[] | null;
  readonly rows: readonly Row[];
}

/** The most columns of a panel. */
const MOST_COLUMNS = 12;

export const withoutBlock = (name: string): string => name.replace(/^blocks\.\d+\./, "");

const LABELS: { readonly [kind: string]: string } = {
  patch_embed: "patches",
  embed: "tokens",
  block: "out",
  cls_token: "cls",
  dist_token: "dist",
  pos_embed: "pos",
};

/** `attn.scores` → `scores`; the order of the rows says what each is part of. */
const short = (kind: string): string => LABELS[kind] ?? kind.slice(kind.lastIndexOf(".") + 1);

const key = (pass: PictureTensor["pass"], step: string, weight: string | null): string => [pass, step, weight ?? ""].join(" ");

/** The panels of a pass in forward order: the steps before the blocks, groups of blocks, the steps after them. Weights without recorded tensors are left out. */
export function panelsOf({ steps, tensors }: Picture, pass: PictureTensor["pass"]): readonly Panel[] {
  const byKey = new Map(tensors.map((tensor) => [key(tensor.pass, tensor.step, tensor.weight), tensor]));
  const at = (step: string, weight: string | null): PictureTensor | null => byKey.get(key(pass, step, weight)) ?? null;

  /** The rows of a step, given the same step in each column. */
  const rowsOf = (step: PictureStep, columns: readonly PictureStep[]): readonly Row[] => {
    const own: Row = { label: short(step.kind), step, own: true, tensors: columns.map(({ tap }) => at(tap, null)) };
    const weights = step.weights.map((weight, i): Row => {
      const label = typeof pass === "number" ? withoutBlock(weight) : short(weight);
      return { label, step, own: false, tensors: columns.map((column) => at(column.tap, column.weights[i] ?? "")) };
    });
    const held = weights.filter((row) => row.tensors.some((tensor) => tensor?.recorded === true));
    return typeof pass === "number" ? held : [own, ...held];
  };

  const last = steps.findLastIndex(({ block }) => block !== null);
  const outside = (from: number, to: number): readonly Row[] => steps.slice(from, to).flatMap((step) => rowsOf(step, [step]));
  const first = steps.findIndex(({ block }) => block !== null);
  const images: Row = { label: "images", step: null, own: true, tensors: [at("images", null)] };
  const depth = last < 0 ? 0 : (steps[last]?.block ?? -1) + 1;
  const groups = Array.from({ length: Math.ceil(depth / MOST_COLUMNS) }, (_, i) =>
    Array.from({ length: Math.min(MOST_COLUMNS, depth - i * MOST_COLUMNS) }, (__, j) => i * MOST_COLUMNS + j),
  );
  const inside = steps.filter(({ block }) => block !== null);
  const length = depth === 0 ? 0 : inside.length / depth;
  const group = (blocks: readonly number[]): readonly Row[] =>
    inside.slice(0, length).flatMap((step, i) =>
      rowsOf(
        step,
        blocks.flatMap((block) => inside[block * length + i] ?? []),
      ),
    );
  return [
    { blocks: null, rows: [...(typeof pass === "number" ? [] : [images]), ...outside(0, first)] },
    ...groups.map((blocks) => ({ blocks, rows: group(blocks) })),
    { blocks: null, rows: outside(last + 1, steps.length) },
  ];
}
