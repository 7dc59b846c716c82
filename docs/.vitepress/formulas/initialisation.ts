/** The numbered formulas of sizes and regularisers (docs/deit.md, sections 3, 4.1 and 6) in TeX, as in network.ts. */
export const initialisation: Readonly<Record<string, string>> = {
  E28: String.raw`\text{parameters} = L\,(12 D^2 + 13 D) + D\,(3p^2 + 1 + P + T + 2) + P\,(D K + K)`,
  E29: String.raw`\text{MACs} = N \cdot 3p^2 \cdot D + L\,(12\, T D^2 + 2\, T^2 D) + P\, D K`,
  E30: String.raw`r_i = \v{rMax}{r_{\max}} \cdot \frac{\v{i}{i}}{\v{L}{L} - 1}, \qquad i = 0, \dots, L - 1; \qquad L = 1:\; r_0 = 0`,
  E31: String.raw`m_b = \begin{cases} 0 & \text{with probability } \v{rate}{r_i} \\ 1/(1 - r_i) & \text{else} \end{cases} \qquad b = 0, \dots, \v{B}{B} - 1`,
  G15: String.raw`\bar x = \v{mask}{m} \odot \v{dy}{\bar y}`,
};
