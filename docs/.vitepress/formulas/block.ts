/** The formulas of the chapter on the block in TeX, as in network.ts. */
export const block: Readonly<Record<string, string>> = {
  E4: String.raw`\begin{gathered}
\mu = \operatorname{mean}_D(\v{x}{x}), \qquad \v{variance}{v} = \operatorname{mean}_D\bigl(\v{centred}{(x - \mu)}^2\bigr), \qquad \v{rstd}{r} = (\v{variance}{v} + \v{eps}{\varepsilon})^{-\frac12} \\
\v{xHat}{\hat x} = \v{centred}{(x - \mu)} \odot \v{rstd}{r}, \qquad \v{y}{y} = \v{gamma}{\gamma} \odot \v{xHat}{\hat x} + \v{beta}{\beta}
\end{gathered}`,
  E11: String.raw`\v{u}{X'} = \v{x}{X} + m_1 \odot \v{a}{\operatorname{MSA}}\bigl(\v{n1}{\operatorname{LN}_1(X)}\bigr)`,
  E12: String.raw`\v{y}{X^+} = \v{u}{X'} + m_2 \odot \v{f}{\operatorname{FFN}}\bigl(\v{n2}{\operatorname{LN}_2(X')}\bigr)`,
  E13: String.raw`\v{z}{Z} = \operatorname{LN}_f(\v{x}{X_L})`,
  G10: String.raw`\begin{gathered}
\v{h}{h} = \v{dy}{\bar y} \odot \v{gamma}{\gamma}, \qquad \v{dx}{\bar x} = \v{rstd}{r} \odot \bigl(\v{h}{h} - \v{alongOnes}{\operatorname{mean}_D(h)} - \v{alongXHat}{\hat x \odot \operatorname{mean}_D(h \odot \hat x)}\bigr) \\
\v{dGamma}{\bar\gamma} = \sum \v{dy}{\bar y} \odot \v{xHat}{\hat x}, \qquad \v{dBeta}{\bar\beta} = \sum \v{dy}{\bar y}
\end{gathered}`,
  G14: String.raw`\overline{X} = \v{dy}{\overline{X^+}} + J_F^{\mathsf T} \bigl(\v{multiplier}{m} \odot \v{dy}{\overline{X^+}}\bigr)`,
};
