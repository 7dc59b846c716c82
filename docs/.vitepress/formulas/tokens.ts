/** The numbered formulas of the chapter on tokens and positions in TeX, as in feedForward.ts. */
export const tokens: Readonly<Record<string, string>> = {
  E2: String.raw`\begin{gathered}
    \v{x0}{X_0} = [\,\v{cls_token}{\mathrm{cls}}\,;\, \v{patches}{E}\,] + \v{pos}{\mathrm{pos}} \\
    \v{pos}{\mathrm{pos}} \in \mathbb R^{1 \times (N+1) \times D}
  \end{gathered}`,
  E3: String.raw`\begin{gathered}
    \v{x0}{X_0} = [\,\v{cls_token}{\mathrm{cls}}\,;\, \v{dist_token}{\mathrm{dist}}\,;\, \v{patches}{E}\,] + \v{pos}{\mathrm{pos}} \\
    \v{pos}{\mathrm{pos}} \in \mathbb R^{1 \times (N+2) \times D}
  \end{gathered}`,
  E34: String.raw`\begin{gathered}
    \v{pos}{\mathrm{pos}}[\v{t}{t},\, 2i] = \sin\bigl(\v{angle}{t \cdot 10000^{-2i/D}}\bigr) \\
    \v{pos}{\mathrm{pos}}[\v{t}{t},\, 2i+1] = \cos\bigl(\v{angle}{t \cdot 10000^{-2i/D}}\bigr) \\
    t = 0, \dots, T-1, \qquad i = 0, \dots, D/2 - 1
  \end{gathered}`,
  G16: String.raw`\begin{gathered}
    \v{dPosition}{\overline{\rm pos}} = \textstyle\sum_b \v{dX0}{\bar X_0} \\
    \v{dCls}{\overline{\rm cls}} = \textstyle\sum_b \v{dX0}{\bar X_0}[:, 0] \\
    \v{dDist}{\overline{\rm dist}} = \textstyle\sum_b \v{dX0}{\bar X_0}[:, 1] \\
    \v{dPrefix}{\bar E} = \v{dX0}{\bar X_0}[:, P{:}]
  \end{gathered}`,
};
