/**
 * How workers share out the images of all batches. The places of all batches are numbered through: ticket t is place t mod B of batch ⌊t/B⌋,
 * and batch b is made in slot b mod R of a ring of R slots. A worker takes the next ticket, waits until that batch has been asked for, makes the
 * image, and counts it as done. So every worker is busy as long as there is room in the ring, and which of them makes an image changes nothing.
 */

/** Elements of the shared array; from the last on, one for each worker. */
const [TICKET, ASKED, CLOSED, REPORTED, FIRST_WORKER] = [0, 1, 2, 3, 4];
/** Stands for a worker that makes no image. */
const IDLE = -1;

/**
 * What the workers and the calling thread share: the next ticket, how many batches have been asked for, whether to end (1), how many corrupt images the
 * workers have reported, and the sample that each worker makes.
 */
export type Control = Int32Array;

/** The shared array of so many workers. */
export function controlOf(workers: number): Control {
  const control = new Int32Array(new SharedArrayBuffer(4 * (FIRST_WORKER + workers)));
  return control.fill(IDLE, FIRST_WORKER);
}

/** What a worker is to make next. */
export interface Ticket {
  /** The number of the batch, from 0 since the loader was opened. */
  readonly batch: number;
  /** The place in the batch, 0 … B − 1. */
  readonly place: number;
}

/** Takes the next ticket of batches of B images; null: the worker should end. Blocks the thread until the batch has been asked for. */
export function nextTicket(control: Control, B: number): Ticket | null {
  const ticket = Atomics.add(control, TICKET, 1) >>> 0;
  const batch = Math.floor(ticket / B);
  for (;;) {
    if (Atomics.load(control, CLOSED) !== 0) return null;
    const asked = Atomics.load(control, ASKED);
    if (asked > batch) return { batch, place: ticket % B };
    Atomics.wait(control, ASKED, asked);
  }
}

/** Notes which sample a worker makes now, so that it can be named if the worker dies; null: none. */
export const noteMaking = (control: Control, worker: number, sample: number | null): void =>
  void Atomics.store(control, FIRST_WORKER + worker, sample ?? IDLE);

/** The sample that a worker makes, or was making when it died; null: none. */
export function madeBy(control: Control, worker: number): number | null {
  const sample = Atomics.load(control, FIRST_WORKER + worker);
  return sample === IDLE ? null : sample;
}

/** Counts a corrupt image, before it is counted as done: its report may reach the calling thread later than that. */
export const countReport = (control: Control): void => void Atomics.add(control, REPORTED, 1);

/** How many corrupt images the workers have reported. */
export const reportsOf = (control: Control): number => Atomics.load(control, REPORTED);

/** Lets the workers make so many more batches. Waking them takes up to a millisecond of the calling thread. */
export function askForMore(control: Control, batches: number): void {
  Atomics.add(control, ASKED, batches);
  Atomics.notify(control, ASKED);
}

/** Tells the workers to end. */
export function closeAll(control: Control): void {
  Atomics.store(control, CLOSED, 1);
  Atomics.notify(control, ASKED);
}
