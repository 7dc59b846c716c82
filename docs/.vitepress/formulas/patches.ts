/** The numbered formulas of the chapter on patches in TeX, as in feedForward.ts. */
export const patches: Readonly<Record<string, string>> = {
  E1: String.raw`\begin{gathered}
    \v{u}{U}[b,\; i\,g + j,\; c\,p^2 + r\,p + s] = \v{images}{\mathrm{img}}[b,\; c,\; i\,p + r,\; j\,p + s] \\
    \v{e}{E} = \v{u}{U}\;\v{kernel}{\operatorname{reshape}(W_p,\, D,\, C p^2)}^{\mathsf T} + \v{bias}{b_p}
  \end{gathered}`,
  G18: String.raw`\begin{gathered}
    \v{dProj}{\bar U} = \v{dE}{\bar E}\,W_p, \qquad \v{dPatches}{\overline{\rm img}} = \operatorname{fold}(\v{dProj}{\bar U}) \\
    \v{weight}{\bar W_p} = \textstyle\sum \v{dE}{\bar E}^{\mathsf T} U, \qquad \bar b_p = \sum \v{dE}{\bar E}
  \end{gathered}`,
};
