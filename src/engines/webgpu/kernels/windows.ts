/**
 * The windows of a convolution as the columns of a matrix, one an image and group: row q = (channel, row and column in the window), column n =
 * (row and column of the result). A thread has one place, or two neighbouring ones, of one channel, and writes all k² rows that it is in.
 */
import { GROUP, inRow, program, variants, type Launch, type Program, type Storage } from "../program.ts";
import type { ConvSizes } from "./conv.ts";

const THREADS = 256;

const names = ["threads", "first", "channels", "height", "width", "places", "across", "kernel", "stride", "padding"];

/** @param pairs places in twos, as f16 is stored; their number is even */
const windowsProgram = variants((pairs: boolean, ofX: Storage, ofU: Storage): Program => {
  const step = pairs ? 2 : 1;
  const pixels = [...Array(step).keys()].map((s) => `pixel(plane, n + ${s}u, r, s)`).join(", ");
  return program({
    name: "windows",
    tensors: { u: ofU, x: ofX },
    params: Object.fromEntries(names.map((name) => [name, "u32" as const])),
    workgroup: [THREADS, 1, 1],
    declarations: `
fn pixel(plane: u32, n: u32, r: u32, s: u32) -> f32 {
  let row = (n / p.across) * p.stride + r;
  let column = (n % p.across) * p.stride + s;
  let inside = row >= p.padding && column >= p.padding && row < p.height + p.padding && column < p.width + p.padding;
  if (!inside) { return 0.0; }
  return load_x((plane * p.height + row - p.padding) * p.width + column - p.padding);
}
`,
    main: `  let thread = ${GROUP} * ${THREADS}u + lane;
  if (thread >= p.threads) { return; }
  let n = ${step}u * (thread % (p.places / ${step}u));
  let channel = thread / (p.places / ${step}u); // of all images of this launch
  let plane = p.first * p.channels + channel;
  for (var r = 0u; r < p.kernel; r++) {
    for (var s = 0u; s < p.kernel; s++) {
      let at = ((channel * p.kernel + r) * p.kernel + s) * p.places + n;
      ${pairs ? `store2_u(at / 2u, vec2f(${pixels}));` : `store_u(at, ${pixels});`}
    }
  }`,
  });
});

/** Of `count` images from `first` on. */
export function windowsLaunch(sizes: ConvSizes, first: number, count: number, ofX: Storage, ofU: Storage): Launch {
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
