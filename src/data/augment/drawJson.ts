/** Reads the draw of a view from JSON, in the form in which `deit augment` prints it: that of `ViewDraw`. */
import { isRecord } from "../../io/strictJson.ts";
import type { Size } from "../pixels/pixels.ts";
import { isInside } from "../pixels/pixels.ts";
import { LARGEST_PADDED } from "./checkSettings.ts";
import type { OperationDraw, Rectangle, ViewDraw } from "./draw.ts";
import { LARGEST_MAGNITUDE } from "./operation.ts";
import { isSigned, operationNames } from "./operations.ts";

/** What a draw must fit. */
export interface DrawTarget {
  /** The size of the image. */
  readonly image: Size;
  /** The side of the view, in pixels. */
  readonly S: number;
  /** What to say of a name that is not timm's, such as the nearest one that is. */
  readonly hint: (name: string) => string;
}

type Fields = Readonly<Record<string, unknown>>;

const HALF_TURN = 180;
const SIGNS = [1, -1, 0] as const;

const shown = (value: unknown): string => (value === undefined ? "nothing" : JSON.stringify(value));

/** @throws RangeError `ops[0].magnitude must be …, got …` */
function refuse(where: string, what: string, value: unknown): never {
  throw new RangeError(`${where} must be ${what}, got ${shown(value)}`);
}

/** An object with these keys and no others; keys that end in `?` may be missing. */
function fieldsOf(value: unknown, where: string, keys: readonly string[]): Fields {
  const names = keys.map((key) => key.replace("?", ""));
  if (!isRecord(value)) refuse(where, `an object with ${names.join(", ")}`, value);
  const unknown = Object.keys(value).find((key) => !names.includes(key));
  if (unknown !== undefined) throw new RangeError(`${where} has an unknown key ${JSON.stringify(unknown)}; known: ${names.join(", ")}`);
  const missing = keys.find((key) => !key.endsWith("?") && !Object.hasOwn(value, key));
  if (missing !== undefined) throw new RangeError(`${where} has no ${missing}`);
  return value;
}

function numberIn(value: unknown, where: string, least: number, largest: number): number {
  if (typeof value !== "number" || !(value >= least && value <= largest)) refuse(where, `a number from ${least} to ${largest}`, value);
  return value;
}

function integerAt(fields: Fields, key: string, where: string, least: number): number {
  const value = fields[key];
  const isRight = typeof value === "number" && Number.isSafeInteger(value) && value >= least;
  if (!isRight) refuse(`${where}.${key}`, least > 0 ? `an integer of at least ${least}` : "an integer", value);
  return value;
}

function flagAt(fields: Fields, key: string, where: string): boolean {
  const value = fields[key];
  if (typeof value !== "boolean") refuse(`${where}${key}`, "true or false", value);
  return value;
}

function rectangleOf(value: unknown, where: string): Rectangle {
  const fields = fieldsOf(value, where, ["top", "left", "h", "w"]);
  return {
    top: integerAt(fields, "top", where, -Infinity),
    left: integerAt(fields, "left", where, -Infinity),
    h: integerAt(fields, "h", where, 1),
    w: integerAt(fields, "w", where, 1),
  };
}

const described = ({ top, left, h, w }: Rectangle): string => `${w}×${h} at (${left}, ${top})`;
const inside = ({ top, left, h, w }: Rectangle, size: Size): boolean => isInside({ left, top, width: w, height: h }, size);

/** A crop lies inside the image; that of a small view may be a window of S×S which extends beyond it, where it is zero. */
function cropOf(value: unknown, { image, S }: DrawTarget): Rectangle {
  const crop = rectangleOf(value, "crop");
  const { top, left, h, w } = crop;
  const overlaps = top > -h && left > -w && top < image.height && left < image.width;
  const isPadded = S <= LARGEST_PADDED && h === S && w === S && overlaps;
  if (!isPadded && !inside(crop, image))
    throw new RangeError(`crop: ${described(crop)} must lie inside the image of ${image.width}×${image.height}`);
  return crop;
}

function erasingOf(value: unknown, S: number): Rectangle | null {
  if (value === null) return null;
  const rectangle = rectangleOf(value, "erasing");
  if (!inside(rectangle, { width: S, height: S }))
    throw new RangeError(`erasing: ${described(rectangle)} must lie inside the view of ${S}×${S}`);
  return rectangle;
}

function operationDraw(value: unknown, where: string, hint: DrawTarget["hint"]): OperationDraw {
  const fields = fieldsOf(value, where, ["op", "magnitude", "sign", "applied"]);
  const { op } = fields;
  if (typeof op !== "string") refuse(`${where}.op`, "the name of an operation", op);
  if (!operationNames.some((name) => name === op)) throw new RangeError(`${where}.op: there is no operation ${shown(op)}; ${hint(op)}`);
  const magnitude = numberIn(fields["magnitude"], `${where}.magnitude`, 0, LARGEST_MAGNITUDE);
  const applied = flagAt(fields, "applied", `${where}.`);
  const sign = SIGNS.find((one) => one === fields["sign"]);
  if (sign === undefined) refuse(`${where}.sign`, "1, -1 or 0", fields["sign"]);
  if (applied && sign === 0 && isSigned(op)) refuse(`${where}.sign`, `1 or -1 for ${op}`, sign);
  return { op, magnitude, sign, applied };
}

function operationsOf(value: unknown, hint: DrawTarget["hint"]): readonly OperationDraw[] {
  if (!Array.isArray(value)) refuse("ops", "a list", value);
  return value.map((one: unknown, i) => operationDraw(one, `ops[${i}]`, hint));
}

/**
 * The draw that a JSON value describes. Operations without a sign may have any, as timm ignores it.
 *
 * @throws RangeError in one line for an unknown, missing or wrong value, and for rectangles that do not fit
 */
export function drawOf(value: unknown, target: DrawTarget): ViewDraw {
  const fields = fieldsOf(value, "the draw", ["crop", "flip", "ops", "erasing", "rotation?"]);
  const { rotation } = fields;
  return {
    ...(rotation === undefined ? {} : { rotation: numberIn(rotation, "rotation", -HALF_TURN, HALF_TURN) }),
    crop: cropOf(fields["crop"], target),
    flip: flagAt(fields, "flip", ""),
    ops: operationsOf(fields["ops"], target.hint),
    erasing: erasingOf(fields["erasing"], target.S),
  };
}
