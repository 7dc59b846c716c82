/**
 * Grouped convolution (src/teacher/conv.ts) as a matrix multiplication whose second factor is never stored: the windows' columns are gathered from
 * the image into workgroup memory, tile by tile.
 *
 *   y[o, n] = Σ_q W[o, q] U[q, n]          q = (channel of the group, row and column in the window), n = (image, row and column of the result)
 *
 * A workgroup of 16 × 16 threads computes a tile of 64 outputs × 64 positions n, each thread 4 × 4 of it.
 */
import type { Storage } from "../accessors.ts";
import { declare, inRow, memoized, program, WORKGROUP, type Dispatch, type Program } from "../program.ts";
import { range } from "./text.ts";

const TILE = 64;
/** The workgroup has SIDE × SIDE threads. */
const SIDE = 16;
/** Rows, and columns, of the tile that a thread computes. */
const OWN = TILE / SIDE;
/** Terms q of a step. */
const TERMS = 16;

export interface ConvSizes {
  readonly images: number;
  /** C, H, W of an image. */
  readonly channels: number;
  readonly height: number;
  readonly width: number;
  /** O, and H′, W′ of a result. */
  readonly outputs: number;
  readonly rows: number;
  readonly across: number;
  readonly groups: number;
  readonly kernel: number;
  readonly stride: number;
  readonly padding: number;
}

const each = (text: (i: number) => string): string => range(OWN).map(text).join("");

const names = ["tiles", "places", "outputs", "groups", "channels", "height", "width", "rows", "across", "kernel", "stride", "padding"];

/** A panel of W and one of U, [TERMS, TILE] each. */
const panels = declare(`
var<workgroup> w: array<f32, ${TERMS * TILE}>;
var<workgroup> u: array<f32, ${TERMS * TILE}>;
`);

/** Declares the sizes of a group, the tile's first position `n0`, first output `o0` and group `g`, and ends workgroups without a tile. */
const tileOrigin = `  let tile = ${WORKGROUP};
  if (tile >= p.tiles) { return; }
  let ownOutputs = p.outputs / p.groups;
  let ownChannels = p.channels / p.groups;
  let area = p.kernel * p.kernel;
  let terms = ownChannels * area;
  let tilesAcross = (p.places + ${TILE - 1}u) / ${TILE}u;
  let tilesDown = (ownOutputs + ${TILE - 1}u) / ${TILE}u;
  let n0 = (tile % tilesAcross) * ${TILE}u;
  let o0 = ((tile / tilesAcross) % tilesDown) * ${TILE}u;
  let g = tile / (tilesAcross * tilesDown);

  // the position whose windows this thread gathers
  let n = n0 + lane % ${TILE}u;
  let image = n / (p.rows * p.across);
  let top = ((n / p.across) % p.rows) * p.stride;
  let left = (n % p.across) * p.stride;
`;

/** Fills both panels with the terms from q0 on; zeros beyond the edges. Uses what `tileOrigin` declares. */
const fetchPanels = `    for (var i = 0u; i < ${(TERMS * TILE) / (SIDE * SIDE)}u; i++) {
      let j = lane / ${TILE}u + ${(SIDE * SIDE) / TILE}u * i;
      let q = q0 + j;
      let row = top + (q % area) / p.kernel;
      let column = left + q % p.kernel;
      let inside = row >= p.padding && column >= p.padding && row < p.height + p.padding && column < p.width + p.padding;
      var pixel = 0.0;
      if (q < terms && n < p.places && inside) {
        let channel = g * ownChannels + q / area;
        pixel = load_x(((image * p.channels + channel) * p.height + row - p.padding) * p.width + column - p.padding);
      }
      u[j * ${TILE}u + lane % ${TILE}u] = pixel;
      let o = lane / ${TERMS}u + ${(SIDE * SIDE) / TERMS}u * i;
      let term = q0 + lane % ${TERMS}u;
      var factor = 0.0;
      if (term < terms && o0 + o < ownOutputs) { factor = load_weight((g * ownOutputs + o0 + o) * terms + term); }
      w[(lane % ${TERMS}u) * ${TILE}u + o] = factor;
    }
`;

/** Adds the products of the panels to the thread's sums `sum0`, `sum1`, …, one row of four positions each. */
const multiplyPanels = `    for (var j = 0u; j < ${TERMS}u; j++) {
      let a = j * ${TILE}u + (lane / ${SIDE}u) * ${OWN}u;
      let b = j * ${TILE}u + (lane % ${SIDE}u) * ${OWN}u;
      let windows = vec4f(u[b], u[b + 1u], u[b + 2u], u[b + 3u]);
${each((r) => `      sum${r} = fma(vec4f(w[a + ${r}u]), windows, sum${r});\n`)}    }
`;

/** Writes the thread's sums that lie inside the result. */
const epilogue = `  for (var s = 0u; s < ${OWN}u; s++) {
    let to = n0 + (lane % ${SIDE}u) * ${OWN}u + s;
    if (to >= p.places) { continue; }
    let area = p.rows * p.across;
    let start = (to / area) * p.outputs * area + to % area;
${each(
  (
    r,
  ) => `    { let o = o0 + (lane / ${SIDE}u) * ${OWN}u + ${r}u; if (o < ownOutputs) { store_y(start + (g * ownOutputs + o) * area, sum${r}[s]); } }
`,
)}  }`;

const convProgram = memoized((ofX: Storage): Program =>
  program({
    name: "groupedConv",
    tensors: { y: "f32", x: ofX, weight: "f32" },
    params: Object.fromEntries(names.map((name) => [name, "u32" as const])),
    workgroup: [SIDE * SIDE, 1, 1],
    declarations: [panels],
    main: `${tileOrigin}${each((r) => `  var sum${r} = vec4f();\n`)}
  for (var q0 = 0u; q0 < terms; q0 += ${TERMS}u) {
${fetchPanels}    workgroupBarrier();
${multiplyPanels}    workgroupBarrier();
  }

${epilogue}`,
  }),
);

/** Binds y, x and the weight. */
export function convDispatch(sizes: ConvSizes, ofX: Storage): Dispatch {
  const { images, channels, height, width, outputs, rows, across, groups, kernel, stride, padding } = sizes;
  const places = images * rows * across;
  const tiles = Math.ceil(places / TILE) * Math.ceil(outputs / groups / TILE) * groups;
  return {
    program: convProgram(ofX),
    params: [tiles, places, outputs, groups, channels, height, width, rows, across, kernel, stride, padding],
    groups: inRow(tiles),
    macs: (places * outputs * channels * kernel * kernel) / groups,
  };
}
