/** The numbered formulas of sizes and regularisers (docs/deit.md, sections 3, 4.1 and 6) in TeX, as in network.ts. */
export const initialisation: Readonly<Record<string, string>> = {
  E28: String.raw`\begin{aligned} \text{params} = {} & L\,(12 D^2 + 13 D) \\ & + D\,(3p^2 + 1 + P + T + 2) \\ & + P\,(D K + K) \end{aligned}`,
  E29: String.raw`\begin{aligned} \text{MACs} = {} & N \cdot 3p^2 \cdot D \\ & + L\,(12\, T D^2 + 2\, T^2 D) \\ & + P\, D K \end{aligned}`,
  E30: String.raw`\begin{gathered} r_i = \v{rMax}{r_{\max}} \cdot \frac{\v{i}{i}}{\v{L}{L} - 1} \\ i = 0, \dots, L - 1; \quad L = 1:\; r_0 = 0 \end{gathered}`,
  E31: String.raw`\begin{gathered} m_b = \begin{cases} 0 & \text{with probability } \v{rate}{r_i} \\ 1/(1 - r_i) & \text{else} \end{cases} \\ b = 0, \dots, \v{B}{B} - 1 \end{gathered}`,
  G15: String.raw`\bar x = \v{mask}{m} \odot \v{dy}{\bar y}`,
};
