/**
 * The memory of one batch of at most B images. Several workers write it at once, each its own images:
 *
 *   state        how many images are done; how many numbers of `noise` are taken; how many images the batch has; its epoch
 *   views        two numbers an image: its index in the set and its copy, written by whoever asks for the batch
 *   labels       one number an image
 *   rectangles   five numbers an image: top, left, h, w (h = 0: nothing is erased) and where its noise begins, or NO_ROOM
 *   noise        of all rectangles, one after the other as they come; what finds no room is drawn where the batch is used
 *   pixels       [B, C, S, S]
 */
import type { BatchRequest, View } from "./sampler.ts";
import type { Rectangle } from "../augment/draw.ts";

/** The sizes of a slot. */
export interface SlotSize {
  /** B, the most images of a batch. */
  readonly images: number;
  /** C */
  readonly channels: number;
  /** S, in pixels. */
  readonly side: number;
}

/** A slot: arrays over one buffer, as stated above. */
export interface Slot {
  readonly buffer: SharedArrayBuffer;
  readonly state: Int32Array;
  readonly views: Int32Array;
  readonly labels: Int32Array;
  readonly rectangles: Int32Array;
  readonly noise: Float32Array;
  readonly pixels: Uint8Array;
}

/** Elements of `state`. */
const [DONE, NOISE, COUNT, EPOCH] = [0, 1, 2, 3];
const STATE = 4;
const RECTANGLE = 5;
const NO_ROOM = -1;
/** There is room for one number of noise for every 8 numbers of pixels; DeiT's recipe erases one in 23 of these on average. */
const PIXELS_PER_NOISE = 8;

/** The numbers of an image, C·S·S. */
export const imageLength = ({ channels, side }: SlotSize): number => channels * side ** 2;

const noiseLength = (size: SlotSize): number => Math.ceil((size.images * imageLength(size)) / PIXELS_PER_NOISE);

/** The bytes of a slot. */
export const slotBytes = (size: SlotSize): number =>
  4 * (STATE + size.images * (2 + 1 + RECTANGLE) + noiseLength(size)) + size.images * imageLength(size);

/** A slot over a buffer of `slotBytes` bytes; over a new one unless it is given. */
export function slotOf(size: SlotSize, buffer: SharedArrayBuffer = new SharedArrayBuffer(slotBytes(size))): Slot {
  const { images } = size;
  let at = 0;
  const words = (length: number): number => {
    const begin = at;
    at += 4 * length;
    return begin;
  };
  return {
    buffer,
    state: new Int32Array(buffer, words(STATE), STATE),
    views: new Int32Array(buffer, words(2 * images), 2 * images),
    labels: new Int32Array(buffer, words(images), images),
    rectangles: new Int32Array(buffer, words(RECTANGLE * images), RECTANGLE * images),
    noise: new Float32Array(buffer, words(noiseLength(size)), noiseLength(size)),
    pixels: new Uint8Array(buffer, at, images * imageLength(size)),
  };
}

/** Writes what the slot is to be filled with. No image of it is done afterwards. */
export function askFor({ state, views }: Slot, { epoch, views: asked }: BatchRequest): void {
  for (const [i, { sample, copy }] of asked.entries()) views.set([sample, copy], 2 * i);
  state.set([0, 0, asked.length, epoch]);
}

/** The epoch of the batch. */
export const epochOf = ({ state }: Slot): number => state[EPOCH] ?? 0;
/** The number of images of the batch. */
export const countOf = ({ state }: Slot): number => state[COUNT] ?? 0;
/** The view that is asked for at place i. */
export const viewAt = ({ views }: Slot, i: number): View => ({ sample: views[2 * i] ?? 0, copy: views[2 * i + 1] ?? 0 });

/** Counts a place as done; returns how many are. Places that the batch leaves empty count too. */
export const countDone = ({ state }: Slot): number => Atomics.add(state, DONE, 1) + 1;
/** The number of places that are done. */
export const doneIn = ({ state }: Slot): number => Atomics.load(state, DONE);

/** Takes room for `length` numbers of noise; null: there is none left. */
function roomFor({ state, noise }: Slot, length: number): number | null {
  const begin = Atomics.add(state, NOISE, length);
  return begin + length <= noise.length ? begin : null;
}

/** Writes what is erased of image i (null: nothing), and its noise, [C, h, w], if there is room for it. */
export function writeErased(
  slot: Slot,
  i: number,
  erased: Rectangle | null,
  channels: number,
  noise: (of: Rectangle) => Float32Array,
): void {
  const { top, left, h, w } = erased ?? { top: 0, left: 0, h: 0, w: 0 };
  const begin = erased === null ? null : roomFor(slot, channels * h * w);
  if (erased !== null && begin !== null) slot.noise.set(noise(erased), begin);
  slot.rectangles.set([top, left, h, w, begin ?? NO_ROOM], RECTANGLE * i);
}

/** What is erased of image i, with its noise if there was room for it; null: nothing is erased. */
export function erasedOf(
  { rectangles, noise }: Slot,
  i: number,
  channels: number,
): { readonly rectangle: Rectangle; readonly noise: Float32Array | null } | null {
  const [top = 0, left = 0, h = 0, w = 0, begin = NO_ROOM] = rectangles.subarray(RECTANGLE * i, RECTANGLE * (i + 1));
  if (h === 0) return null;
  return { rectangle: { top, left, h, w }, noise: begin === NO_ROOM ? null : noise.subarray(begin, begin + channels * h * w) };
}
