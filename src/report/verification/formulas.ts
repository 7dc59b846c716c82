/** Describes each kind of step in words and in the formulas of docs/deit.md, forward and backward. */

export interface Formula {
  readonly words: string;
  readonly forward: string;
  readonly backward: string;
}

const LINEAR = "x̄ = ȳ W   W̄ = Σ ȳᵀ x   b̄ = Σ ȳ  (G1)";

const norm: Formula = {
  words: "layer norm",
  forward: "LN(x) = γ ⊙ (x − μ)/√(v + ε) + β  (E4)",
  backward: "h = ȳ ⊙ γ   x̄ = r (h − mean(h) − x̂ ⊙ mean(h ⊙ x̂))   γ̄ = Σ ȳ ⊙ x̂   β̄ = Σ ȳ  (G10)",
};

const formulas: { readonly [kind: string]: Formula } = {
  images: { words: "images", forward: "what the network is given", backward: "" },
  patch_embed: { words: "patch embedding", forward: "E = U Wpᵀ + bp  (E1)", backward: "Ū = Ē Wp   W̄p = Σ Ēᵀ U   b̄p = Σ Ē  (G18)" },
  embed: {
    words: "tokens with their positions",
    forward: "X₀ = [cls; E] + pos, or [cls; dist; E] + pos  (E2), (E3)",
    backward: "pos̄ = Σ_b X̄₀   cls̄ = Σ_b X̄₀[:, 0]   dist̄ = Σ_b X̄₀[:, 1]   Ē = X̄₀[:, P:]  (G16)",
  },
  norm1: norm,
  "attn.qkv": { words: "queries, keys and values", forward: "[Q|K|V] = X Wqkvᵀ + bqkv  (E5)", backward: LINEAR },
  "attn.scores": {
    words: "scores of attention",
    forward: "S = Q Kᵀ/√d, a head each  (E6), (E7)",
    backward: "Q̄ = S̄ K/√d   K̄ = S̄ᵀ Q/√d  (G12)",
  },
  "attn.probs": {
    words: "softmax of the scores",
    forward: "A = σ(S), each row sums to 1  (E7)",
    backward: "S̄ = A ⊙ (Ā − ⟨Ā, A⟩)  (G12)",
  },
  "attn.context": { words: "weighted sum of the values", forward: "O = A V, a head each  (E7)", backward: "V̄ = Aᵀ Ō   Ā = Ō Vᵀ  (G12)" },
  attn: { words: "output projection of attention", forward: "MSA(X) = concat(O) Woᵀ + bo  (E8)", backward: LINEAR },
  mid: {
    words: "first residual addition",
    forward: "X′ = X + DP(MSA(LN₁(X)))  (E11)",
    backward: "X̄′ goes to the branch, times its drop-path multiplier, and past it  (G14)",
  },
  norm2: norm,
  "mlp.fc1": { words: "first layer of the feed-forward part", forward: "x W1ᵀ + b1  (E10)", backward: LINEAR },
  "mlp.gelu": { words: "GELU", forward: "GELU(x) = x Φ(x)  (E9)", backward: "x̄ = ȳ ⊙ (Φ(x) + x φ(x))  (G11)" },
  mlp: { words: "second layer of the feed-forward part", forward: "x W2ᵀ + b2  (E10)", backward: LINEAR },
  block: {
    words: "second residual addition",
    forward: "X⁺ = X′ + DP(FFN(LN₂(X′)))  (E12)",
    backward: "X̄⁺ goes to the branch, times its drop-path multiplier, and past it  (G14)",
  },
  norm: { ...norm, words: "final layer norm", forward: `Z = ${norm.forward}, (E13)` },
  head: { words: "class head", forward: "z_c = Z[:, 0] Wcᵀ + bc  (E14)", backward: "Z̄[:, 0] = z̄_c Wc  (G17)" },
  head_dist: { words: "distillation head", forward: "z_d = Z[:, 1] Wdᵀ + bd  (E15)", backward: "Z̄[:, 1] = z̄_d Wd  (G17)" },
  logits: {
    words: "logits",
    forward: "z = ½(z_c + z_d), or z_c of a plain model  (E27)",
    backward: "z̄_c = z̄_d = ½ z̄  (G9)",
  },
  loss: { words: "loss", forward: "cross-entropy, distillation  (E18) to (E26)", backward: "(G4) to (G8)" },
};

/** @throws RangeError for a kind that no step has */
export function formulaOf(kind: string): Formula {
  const formula = formulas[kind];
  if (formula === undefined) throw new RangeError(`no formula for a step ${kind}`);
  return formula;
}
