/**
 * Random erasing (deit.md 7.10), one dispatch: the rectangles of the images and their noise lie in the scratch. The result is stored like the images.
 * Where the noise is longer than the scratch, the routine's definition runs.
 */
import { fuse, withoutFusion } from "../../../ops/observe.ts";
import { axis, size } from "../../../tensor/tensor.ts";
import { erase } from "../../../train/mixing/erase.ts";
import type { Storage } from "../accessors.ts";
import { elementDispatch, elementProgram, pairDispatch, pairProgram } from "../kernels/perElement.ts";
import { declare, memoized, type Program } from "../program.ts";
import { SCRATCH_BYTES } from "../run.ts";
import type { FusedKernel } from "./kernel.ts";

type Erased = Parameters<typeof erase.run>[2];

/** Words of an image in the table: top, left, h and w of its rectangle, and where its noise begins. Without a rectangle, h and w are 0. */
const WORDS = 5;

const erasedAt = declare(`
/** Element i of the images, whose value is \`own\` outside of the rectangle. */
fn erased(i: u32, own: f32) -> f32 {
  let at = (i / p.each) * ${WORDS}u;
  let top = load_table(at);
  let left = load_table(at + 1u);
  let h = load_table(at + 2u);
  let w = load_table(at + 3u);
  let column = i % p.W;
  let row = (i / p.W) % p.H;
  if (row < top || row >= top + h || column < left || column >= left + w) { return own; }
  let channel = (i % p.each) / (p.W * p.H);
  return bitcast<f32>(load_table(load_table(at + 4u) + (channel * h + row - top) * w + column - left));
}
`);

const eraseProgram = memoized((pairs: boolean, ofX: Storage, ofOut: Storage): Program => {
  const text = {
    name: "erase",
    tensors: { out: ofOut, x: ofX, table: "u32" },
    params: { each: "u32", H: "u32", W: "u32" },
    declarations: [erasedAt],
  } as const;
  return pairs
    ? pairProgram({
        ...text,
        main: (pair) => `  let own = load2_x(${pair});
  store2_out(${pair}, vec2f(erased(2u * ${pair}, own.x), erased(2u * ${pair} + 1u, own.y)));`,
      })
    : elementProgram({ ...text, main: (i) => `  store_out(${i}, erased(${i}, load_x(${i})));` });
});

/** The table of B images, and the noise behind it. */
function tableOf(B: number, erased: Erased): Float32Array {
  const table = new Float32Array(WORDS * B + erased.reduce((sum, { noise }) => sum + noise.length, 0));
  const words = new Uint32Array(table.buffer);
  let first = WORDS * B;
  for (const { image, top, left, h, w, noise } of erased) {
    words.set([top, left, h, w, first], WORDS * image);
    table.set(noise, first);
    first += noise.length;
  }
  return table;
}

export const eraseKernel: FusedKernel = (access, { take }) => {
  const { run, storage, scratch, upload } = access;
  const kernel: typeof erase = {
    name: erase.name,
    run: (k, { x }, erased) => {
      const [n, B] = [size(x.shape), axis(x.shape, 0)];
      const table = tableOf(B, erased);
      if (table.byteLength > SCRATCH_BYTES) return erase.run(withoutFusion(k, erase), { x }, erased);
      const pairs = n % 2 === 0;
      const out = take(x.shape, pairs && storage(x) === "f16" ? 2 : 4);
      const params = [n / Math.max(1, B), axis(x.shape, 2), axis(x.shape, 3)];
      if (n > 0) upload(scratch, table);
      const dispatch = (pairs ? pairDispatch : elementDispatch)(eraseProgram(pairs, storage(x), storage(out)), n, params);
      run({ ...dispatch, scratchBytes: table.byteLength }, out, x, scratch);
      return out;
    },
  };
  return fuse(erase, kernel);
};
