/** The formulas of the chapter on cross-entropy in TeX, as in network.ts. */
export const crossEntropy: Readonly<Record<string, string>> = {
  E18: String.raw`\v{logProbs}{\ell} = \v{shifted}{(z - \max z)} - \log \sum_k \exp \v{shifted}{(z - \max z)}_k`,
  E19: String.raw`\v{loss}{\operatorname{CE}(z, q)} = -\frac{1}{\v{B}{B}} \sum_b \sum_k \v{target}{q_{bk}}\, \v{logProbs}{\ell(z_b)_k}`,
  E20: String.raw`q_y = 1 - \v{eps}{\varepsilon} + \frac{\v{eps}{\varepsilon}}{\v{classes}{K}}, \qquad q_k = \frac{\v{eps}{\varepsilon}}{\v{classes}{K}} \quad (k \ne y)`,
  E21: String.raw`q_y = 1 - \v{eps}{\varepsilon}, \qquad q_k = \frac{\v{eps}{\varepsilon}}{\v{classes}{K} - 1} \quad (k \ne y)`,
  G3: String.raw`\v{dz}{\bar z} = \v{dLogProbs}{\bar\ell} - \sigma(z)\, \langle \v{dLogProbs}{\bar\ell}, 1 \rangle, \qquad \sigma(z) = \exp \v{logProbs}{\ell}`,
  G4: String.raw`\v{dz}{\bar z} = \frac1{\v{B}{B}} \bigl(\sigma(z)\, \v{mass}{\langle q, 1 \rangle} - \v{target}{q}\bigr), \qquad \sigma(z) = \exp \v{logProbs}{\ell}`,
  G5: String.raw`\v{dz}{\bar z}_k = \frac1{\v{B}{B}} \Bigl(\sigma(z)_k - \v{target}{\bigl(\tfrac{\varepsilon}{K} + (1 - \varepsilon) [k = y]\bigr)}\Bigr)`,
};
