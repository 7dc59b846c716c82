/** Consequences of the network's equations (deit.md 3) that hold for any numbers and do not repeat a formula. */
import { gap, gapOfLeaves } from "../../check/close.ts";
import { evaluate, evaluateOne, hostArray, leavesOf, upload, type HostArray } from "../../check/host.ts";
import type { Row } from "../../check/laws/row.ts";
import { tolerances } from "../../check/tolerance.ts";
import { block } from "../../model/block.ts";
import { deitLogits, deitLogitsOf, deitPredict, type DeitAttrs, type DeitInputs } from "../../model/deit.ts";
import type { Logits } from "../../model/heads.ts";
import { gelu } from "../../ops/gelu.ts";
import { layerNorm } from "../../ops/layerNorm.ts";
import { rematerialise } from "../../ops/rematerialise.ts";
import { permutation } from "../../tensor/key.ts";
import { axis, type Tensor } from "../../tensor/tensor.ts";
import { attentionIdentities } from "./attention.ts";
import { deitCall, deitCallOf, meanOf } from "../cases/calls/model.ts";
import { geluCall, layerNormCall } from "../cases/calls/ops.ts";
import { dropoutIdentities } from "./dropout.ts";
import { drawCotangent, forwardOf, gradientsOf } from "../cases/hostCall.ts";
import { row } from "../cases/row.ts";
import { at, tabulate } from "../loops/matrix.ts";
import { normalised } from "../loops/norm.ts";
import { asRows, mapped, paired, rowProducts, rowSums, share } from "../loops/rows.ts";

const normGradient = row("identity/layer-norm-gradient", "⟨x̄, 1⟩ = 0 and ⟨x̄, x̂⟩ = ε r³ ⟨h, x̂⟩", async (engine, draw) => {
  const call = layerNormCall(draw);
  const dy = drawCotangent<Tensor>(draw, call.expected);
  const dx = await evaluateOne(engine, (k) => gradientsOf(k, layerNorm, call, dy).x);
  const { x, params } = call.inputs;
  const { xHat, r } = normalised(x, call.attrs.eps);
  const h = tabulate(xHat.shape, (n, j) => at(asRows(dy), n, j) * at(params.weight, j));
  const alongXHat = paired(rowProducts(h, xHat), r, (product, rn) => call.attrs.eps * rn ** 3 * product);
  const terms = paired(rowProducts(mapped(h, Math.abs), mapped(xHat, Math.abs)), r, (total, rn) => total * rn);
  return Math.max(
    share(rowSums(dx), dx),
    share(
      paired(rowProducts(dx, xHat), alongXHat, (got, want) => got - want),
      terms,
    ),
  );
});

const normInvariance = row("identity/layer-norm-invariance", "αx + c with α²ε has the layer norm of x with ε", async (engine, draw) => {
  const { inputs, attrs } = layerNormCall(draw);
  const [alpha, c] = [draw.real(0.3, 3), draw.real(-3, 3)];
  const moved = { ...inputs, x: mapped(inputs.x, (x) => alpha * x + c) };
  const out = (given: typeof inputs, eps: number): Promise<HostArray> =>
    evaluateOne(engine, (k) => forwardOf(k, layerNorm, { inputs: given, attrs: { eps } }).out);
  return gap(await out(moved, alpha ** 2 * attrs.eps), await out(inputs, attrs.eps));
});

const geluSymmetry = row("identity/gelu", "GELU(x) − GELU(−x) = x, GELU′(x) + GELU′(−x) = 1, GELU′(0) = ½", async (engine, draw) => {
  const { inputs } = geluCall(draw);
  const both = async (x: HostArray): Promise<{ readonly y: HostArray; readonly slope: HostArray }> => {
    const leaves = await evaluate(engine, (k) => {
      const { out, saved } = gelu.forward(k, { x: upload<Tensor>(k, x) });
      return {
        y: out,
        slope: gelu.vjp(
          k,
          saved,
          upload<Tensor>(
            k,
            mapped(x, () => 1),
          ),
        ).x,
      };
    });
    const none = hostArray([0], []);
    return { y: leaves.get("y") ?? none, slope: leaves.get("slope") ?? none };
  };
  const [right, left, origin] = [await both(inputs.x), await both(mapped(inputs.x, (x) => -x)), await both(mapped(inputs.x, () => 0))];
  return Math.max(
    gap(
      paired(right.y, left.y, (a, b) => a - b),
      inputs.x,
    ),
    gap(
      paired(right.slope, left.slope, (a, b) => a + b),
      mapped(inputs.x, () => 1),
    ),
    gap(
      origin.slope,
      mapped(inputs.x, () => 0.5),
    ),
  );
});

/** The same image with its patches in another order. */
function permutedPatches(images: HostArray, p: number, order: readonly number[]): HostArray {
  const g = axis(images.shape, -1) / p;
  return tabulate(images.shape, (b, c, y, x) => {
    const from = order[Math.floor(y / p) * g + Math.floor(x / p)] ?? NaN;
    return at(images, b, c, Math.floor(from / g) * p + (y % p), (from % g) * p + (x % p));
  });
}

const patchOrder = row(
  "identity/patch-permutation",
  "without positions, the order of the patches does not matter",
  async (engine, draw) => {
    const { inputs, attrs } = deitCall(draw);
    const zero = (pos: HostArray | null): HostArray | null => pos && mapped(pos, () => 0);
    const params = { ...inputs.params, pos_embed: zero(inputs.params.pos_embed) };
    const order = permutation(draw.key(), (axis(inputs.images.shape, -1) / attrs.patchSize) ** 2);
    const logits = (images: HostArray): Promise<ReadonlyMap<string, HostArray>> =>
      evaluate(
        engine,
        (k) => forwardOf(k, deitLogits, { inputs: { images, params }, attrs: { ...attrs, fixedPosition: zero(attrs.fixedPosition) } }).out,
      );
    return gapOfLeaves(await logits(permutedPatches(inputs.images, attrs.patchSize, order)), await logits(inputs.images));
  },
);

/** Positions [1, T, D] with rows 0 and 1 exchanged. */
const exchanged = (pos: HostArray | null): HostArray | null => pos && tabulate(pos.shape, (_, t, c) => at(pos, 0, t < 2 ? 1 - t : t, c));

const prefixExchange = row(
  "identity/prefix-exchange",
  "exchanging (cls, pos[0], head) with (dist, pos[1], head_dist) exchanges z_c and z_d",
  async (engine, draw) => {
    const { inputs, attrs, expected } = deitCallOf(true)(draw);
    const { cls_token, dist_token, head, head_dist, pos_embed } = inputs.params;
    const tokens = { cls_token: dist_token ?? cls_token, dist_token: cls_token, pos_embed: exchanged(pos_embed) };
    const params = { ...inputs.params, ...tokens, head: head_dist ?? head, head_dist: head };
    const call = { inputs: { ...inputs, params }, attrs: { ...attrs, fixedPosition: exchanged(attrs.fixedPosition) } };
    const actual = await evaluate(engine, (k) => forwardOf(k, deitLogits, call).out);
    return gapOfLeaves(actual, leavesOf({ head: expected.head_dist, head_dist: expected.head }));
  },
);

const wholeNetwork = row("identity/whole-network", "deitLogits and deitPredict are (E1)–(E15) in sequence", async (engine, draw) => {
  const call = deitCall(draw);
  const { head, head_dist } = call.expected;
  const actual = await evaluate(engine, (k) => ({
    logits: forwardOf(k, deitLogits, call).out,
    prediction: deitPredict(k, upload<DeitInputs>(k, call.inputs), upload<DeitAttrs>(k, call.attrs)),
  }));
  return gapOfLeaves(actual, leavesOf({ logits: call.expected, prediction: meanOf(head, head_dist) }));
});

const rematerialised: Row = {
  ...row("identity/rematerialised-blocks", "rematerialised blocks give bitwise identical gradients", async (engine, draw) => {
    const call = deitCall(draw);
    const dLogits = drawCotangent<Logits>(draw, call.expected);
    const again = await evaluate(engine, (k) => gradientsOf(k, deitLogitsOf(rematerialise(block)), call, dLogits));
    return gapOfLeaves(again, await evaluate(engine, (k) => gradientsOf(k, deitLogits, call, dLogits)));
  }),
  tolerance: tolerances.exact,
};

/** Ids are `identity/NAME`. */
export const identities: readonly Row[] = [
  ...attentionIdentities,
  normGradient,
  normInvariance,
  geluSymmetry,
  patchOrder,
  prefixExchange,
  ...dropoutIdentities,
  wholeNetwork,
  rematerialised,
];
