/**
 * The numbered formulas of the chapter on GELU and the feed-forward network in TeX. `\v{name}{letter}` sets a letter that is the variable `name` in
 * the code, so that a page highlights both together.
 */
export const feedForward: Readonly<Record<string, string>> = {
  E9: String.raw`\begin{gathered}
    \v{normalCdf}{\Phi}(\v{x}{x}) = \tfrac12\bigl(1 + \operatorname{erf}(x/\sqrt2)\bigr) \\
    \operatorname{GELU}(\v{x}{x}) = \v{x}{x}\,\v{normalCdf}{\Phi}(\v{x}{x})
  \end{gathered}`,
  E10: String.raw`\begin{gathered}
    \v{hidden}{H} = \v{x}{x}\,W_1^{\mathsf T} + b_1, \qquad \v{active}{G} = \operatorname{GELU}(\v{hidden}{H}) \\
    \operatorname{FFN}(\v{x}{x}) = \v{y}{y} = \v{active}{G}\,W_2^{\mathsf T} + b_2
  \end{gathered}`,
  G11: String.raw`\begin{gathered}
    \bar x = \v{dy}{\bar y} \odot \v{slope}{\bigl(\Phi(x) + x\,\varphi(x)\bigr)} \\
    \v{density}{\varphi}(\v{x}{x}) = \tfrac{1}{\sqrt{2\pi}}\, e^{-x^2/2}
  \end{gathered}`,
};
