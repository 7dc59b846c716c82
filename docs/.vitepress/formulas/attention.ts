/** The numbered formulas of the chapter on attention in TeX, as in feedForward.ts. */
export const attention: Readonly<Record<string, string>> = {
  E5: String.raw`\begin{gathered}
    \v{projected}{[\,Q\,|\,K\,|\,V\,]} = \v{x}{X}\,W_{qkv}^{\mathsf T} + b_{qkv} \\
    W_{qkv} \in \mathbb R^{3D \times D}
  \end{gathered}`,
  E6: String.raw`\begin{gathered}
    Q_m[t, j] = \v{qkv}{[\,Q\,|\,K\,|\,V\,]}[t,\; m\,\v{d}{d} + j] \\
    K_m[t, j] = \v{qkv}{[\,Q\,|\,K\,|\,V\,]}[t,\; D + m\,\v{d}{d} + j] \\
    V_m[t, j] = \v{qkv}{[\,Q\,|\,K\,|\,V\,]}[t,\; 2D + m\,\v{d}{d} + j] \\
    m = 0, \dots, \v{h}{h} - 1, \qquad j = 0, \dots, \v{d}{d} - 1, \qquad \v{d}{d} = D/\v{h}{h}
  \end{gathered}`,
  E7: String.raw`\begin{gathered}
    \v{s}{S} = d^{-\frac12}\, \v{q}{Q}\,\v{keys}{K}^{\mathsf T} \\
    \v{a}{A} = \sigma(\v{s}{S}) \\
    \v{o}{O} = \v{a}{A}\,\v{values}{V}
  \end{gathered}`,
  E8: String.raw`\operatorname{MSA}(\v{x}{X}) = \v{context}{\operatorname{concat}_m(O_m)}\,W_o^{\mathsf T} + b_o`,
  G2: String.raw`\v{dz}{\bar z} = \v{s}{s} \odot \bigl(\v{ds}{\bar s} - \langle \v{ds}{\bar s}, \v{s}{s} \rangle\bigr)`,
  G12: String.raw`\begin{gathered}
    \v{dMix}{\bar V} = \v{a}{A}^{\mathsf T}\, \v{dO}{\bar O}, \qquad \v{dMix}{\bar A} = \v{dO}{\bar O}\,\v{values}{V}^{\mathsf T} \\
    \v{dProbs}{\bar S} = \v{a}{A} \odot \bigl(\v{dMix}{\bar A} - \langle \v{dMix}{\bar A}, \v{a}{A} \rangle\bigr) \\
    \v{dScores}{\bar Q} = d^{-\frac12}\, \v{dProbs}{\bar S}\,\v{keys}{K}, \qquad \v{dScores}{\bar K} = d^{-\frac12}\, \v{dProbs}{\bar S}^{\mathsf T} \v{q}{Q} \\
    \langle \bar A, A \rangle = \langle \bar O, O \rangle
  \end{gathered}`,
  G13: String.raw`\begin{gathered}
    \operatorname{concat}_m(\v{dContext}{\bar O_m}) = \v{dy}{\bar Y}\,W_o \\
    \bar W_o = \textstyle\sum \v{dy}{\bar Y}^{\mathsf T} \operatorname{concat}_m(O_m), \qquad \bar b_o = \sum \v{dy}{\bar Y} \\
    \v{dAttention}{\bar Q_m, \bar K_m, \bar V_m} \text{ by (G12)} \\
    \bar X = \v{dSplit}{[\,\bar Q\,|\,\bar K\,|\,\bar V\,]}\,W_{qkv} \\
    \bar W_{qkv} = \textstyle\sum \v{dSplit}{[\,\bar Q\,|\,\bar K\,|\,\bar V\,]}^{\mathsf T} X, \qquad \bar b_{qkv} = \sum \v{dSplit}{[\,\bar Q\,|\,\bar K\,|\,\bar V\,]}
  \end{gathered}`,
};
