/**
 * The windows of a convolution as the columns of a matrix U, one matrix for each image and group: row q = (channel, row and column in the window),
 * column n = (row and column of the result). A thread has one position n, or two adjacent ones, of one channel, and writes its k² rows.
 */
import type { Storage } from "../accessors.ts";
import { declare, inRow, memoized, program, WORKGROUP, type Dispatch, type Program } from "../program.ts";
import type { ConvSizes } from "./conv.ts";

const THREADS = 256;

const names = ["threads", "first", "channels", "height", "width", "places", "across", "kernel", "stride", "padding"];

/** @param pairs whether a thread has two positions, as storing f16 needs; their number must be even */
const windowsProgram = memoized((pairs: boolean, ofX: Storage, ofU: Storage): Program => {
  const step = pairs ? 2 : 1;
  const pixels = [...Array(step).keys()].map((s) => `pixel(plane, n + ${s}u, r, s)`).join(", ");
  return program({
    name: "windows",
    tensors: { u: ofU, x: ofX },
    params: Object.fromEntries(names.map((name) => [name, "u32" as const])),
    workgroup: [THREADS, 1, 1],
    declarations: [
      declare(`
fn pixel(plane: u32, n: u32, r: u32, s: u32) -> f32 {
  let row = (n / p.across) * p.stride + r;
  let column = (n % p.across) * p.stride + s;
  let inside = row >= p.padding && column >= p.padding && row < p.height + p.padding && column < p.width + p.padding;
  if (!inside) { return 0.0; }
  return load_x((plane * p.height + row - p.padding) * p.width + column - p.padding);
}
`),
    ],
    main: `  let thread = ${WORKGROUP} * ${THREADS}u + lane;
  if (thread >= p.threads) { return; }
  let n = ${step}u * (thread % (p.places / ${step}u));
  let channel = thread / (p.places / ${step}u); // counted through all images of this dispatch
  let plane = p.first * p.channels + channel;
  for (var r = 0u; r < p.kernel; r++) {
    for (var s = 0u; s < p.kernel; s++) {
      let at = ((channel * p.kernel + r) * p.kernel + s) * p.places + n;
      ${pairs ? `store2_u(at / 2u, vec2f(${pixels}));` : `store_u(at, ${pixels});`}
    }
  }`,
  });
});

/** Windows of `count` images from `first` on. Binds U and x. */
export function windowsDispatch(sizes: ConvSizes, first: number, count: number, ofX: Storage, ofU: Storage): Dispatch {
  const { channels, height, width, rows, across, kernel, stride, padding } = sizes;
  const places = rows * across;
  const pairs = places % 2 === 0;
  const threads = (count * channels * places) / (pairs ? 2 : 1);
  return {
    program: windowsProgram(pairs, ofX, ofU),
    params: [threads, first, channels, height, width, places, across, kernel, stride, padding],
    groups: inRow(Math.ceil(threads / THREADS)),
  };
}
