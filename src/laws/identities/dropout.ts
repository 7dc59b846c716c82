/** Where dropout and drop path act in the network, and the independence of their draws. */
import { gap, gapOfLeaves } from "../../check/close.ts";
import { evaluate, evaluateOne, upload, type HostArray, type Leaves } from "../../check/host.ts";
import type { Row } from "../../check/laws/row.ts";
import { tolerances } from "../../check/tolerance.ts";
import type { Kernels } from "../../kernels/kernels.ts";
import { block } from "../../model/block.ts";
import { deitLogits } from "../../model/deit.ts";
import { embed } from "../../model/embed.ts";
import type { AttentionSaved } from "../../ops/attention.ts";
import { keepMask } from "../../ops/keepMask.ts";
import { residual, type ResidualInputs } from "../../ops/residual.ts";
import { axis, type Tensor } from "../../tensor/tensor.ts";
import { blockCall, deitCall, embedCall } from "../cases/calls/model.ts";
import { residualCall } from "../cases/calls/ops.ts";
import { forwardOf } from "../cases/hostCall.ts";
import { row } from "../cases/row.ts";
import { block as blockByLoops } from "../loops/block.ts";
import { mapped, masked, paired } from "../loops/rows.ts";

/** The mask on A, drawn again as the VJP draws it. */
const maskOfA = (k: Kernels, { q, keys, dropout }: AttentionSaved): Tensor | null =>
  dropout === null ? null : keepMask.run(k, null, { ...dropout, shape: [...q.shape.slice(0, -1), axis(keys.shape, -2)] });

const places = row(
  "identity/dropout-places",
  "dropout acts after the positions, on A, after proj, after GELU and after fc2",
  async (engine, draw) => {
    const [embedding, encoding] = [embedCall(draw), blockCall(draw)];
    const dropout = { rate: draw.real(0.1, 0.6), key: draw.key() };
    const seen = await evaluate(engine, (k) => {
      const encoded = forwardOf(k, block, { ...encoding, attrs: { ...encoding.attrs, dropout } });
      return {
        embed: forwardOf(k, embed, { ...embedding, attrs: { ...embedding.attrs, dropout } }),
        block: encoded,
        A: { mask: maskOfA(k, encoded.saved.attn.attention) },
      };
    });
    const mask = (path: string): HostArray | null => seen.get(`${path}.mask`) ?? null;
    const X0 = masked(embedding.expected, mask("embed.saved.drop"));
    const { out } = blockByLoops(encoding.inputs, encoding.attrs, {
      attn: { probs: mask("A"), proj: mask("block.saved.attn.drop") },
      mlp: { drop1: mask("block.saved.mlp.drop1"), drop2: mask("block.saved.mlp.drop2") },
    });
    return gapOfLeaves(
      new Map([...seen].filter(([name]) => name === "embed.out" || name === "block.out")),
      new Map([
        ["embed.out", X0],
        ["block.out", out],
      ]),
    );
  },
);

/** Two independent masks of this many draws at rate ½ are equal with a probability of 10⁻¹². */
const ENOUGH = 40;

/** The number of pairs of masks that begin with the same draws. Pairs too short to be sure do not count. */
function pairsAlike(masks: readonly HostArray[]): number {
  const alike = (a: HostArray, b: HostArray): boolean => {
    const length = Math.min(a.data.length, b.data.length);
    return length >= ENOUGH && a.data.subarray(0, length).every((m, i) => m === b.data[i]);
  };
  return masks.flatMap((a, i) => masks.slice(i + 1).filter((b) => alike(a, b))).length;
}

const maskOf = (leaves: Leaves): readonly HostArray[] => [...leaves].filter(([name]) => name.endsWith(".mask")).map(([, mask]) => mask);

const independence: Row = {
  ...row("identity/dropout-draws", "no two dropouts of a network use the same draws", async (engine, draw) => {
    const call = deitCall(draw);
    const attrs = { ...call.attrs, dropout: { rate: 0.5, key: draw.key() } };
    const saved = await evaluate(engine, (k) => {
      const network = forwardOf(k, deitLogits, { ...call, attrs }).saved;
      return { network, A: network.blocks.map((b) => ({ mask: maskOfA(k, b.attn.attention) })) };
    });
    return pairsAlike(maskOf(saved));
  }),
  tolerance: tolerances.exact,
};

const mean = row(
  "identity/drop-path-mean",
  "the mean of a dropped branch over its draws is the branch: r·0 + (1 − r)·1/(1 − r) = 1",
  async (engine, draw) => {
    const { inputs } = residualCall(draw);
    const r = draw.real(0.1, 0.9);
    const [B = 1] = inputs.x.shape;
    const out = (m: number | null): Promise<HostArray> =>
      evaluateOne(engine, (k) => {
        const multiplier = m === null ? null : upload<Tensor>(k, { shape: [B], data: Float64Array.from({ length: B }, () => m) });
        return residual.forward(k, upload<ResidualInputs>(k, inputs), { multiplier }).out;
      });
    const [dropped, kept] = [await out(0), await out(1 / (1 - r))];
    return gap(
      paired(
        mapped(dropped, (x) => r * x),
        kept,
        (x, y) => x + (1 - r) * y,
      ),
      await out(null),
    );
  },
);

export const dropoutIdentities: readonly Row[] = [places, independence, mean];
