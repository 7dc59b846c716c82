/**
 * How threads share out the images of all batches. Images are numbered through: ticket t is place t mod B of batch ⌊t/B⌋, and batch b is made in
 * slot b mod R of a ring of R slots. A thread takes the next ticket, waits until that batch has been asked for, makes the image, and counts it as
 * done. So every thread is busy as long as there is room in the ring, and a batch does not depend on who made which image of it.
 */

/** Places in the array that all threads share. */
const [TICKET, ASKED, CLOSED] = [0, 1, 2];
const FIRST_THREAD = 3;
/** A thread makes no image. */
const IDLE = -1;

/** An array that all threads share: the next ticket, how many batches have been asked for, whether they should end, and what each makes now. */
export type Control = Int32Array;

/** The shared array of so many threads. */
export function controlOf(threads: number): Control {
  const control = new Int32Array(new SharedArrayBuffer(4 * (FIRST_THREAD + threads)));
  return control.fill(IDLE, FIRST_THREAD);
}

/** The batch and the place in it that a thread is to make next. */
export interface Ticket {
  readonly batch: number;
  readonly place: number;
}

/** Takes the next ticket of batches of B images, and waits until its batch has been asked for; null: the thread should end. Blocks the thread. */
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

/** Notes what thread `thread` makes now, so that it can be named if the thread dies; null: nothing. */
export const noteMaking = (control: Control, thread: number, sample: number | null): void =>
  void Atomics.store(control, FIRST_THREAD + thread, sample ?? IDLE);

/** The image that a thread makes or made last before it died; null: none. */
export function madeBy(control: Control, thread: number): number | null {
  const sample = Atomics.load(control, FIRST_THREAD + thread);
  return sample === IDLE ? null : sample;
}

/** Lets the threads make one more batch. */
export function askForOneMore(control: Control): void {
  Atomics.add(control, ASKED, 1);
  Atomics.notify(control, ASKED);
}

/** Tells the threads to end. */
export function closeAll(control: Control): void {
  Atomics.store(control, CLOSED, 1);
  Atomics.notify(control, ASKED);
}
