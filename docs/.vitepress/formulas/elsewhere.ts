/** The numbered gradients that the chapter on gradients repeats from the chapters of their formulas, in TeX, as in network.ts. */
export const elsewhere: Readonly<Record<string, string>> = {
  G2: String.raw`\v{dz}{\bar z} = \v{s}{s} \odot \bigl(\v{ds}{\bar s} - \langle \v{ds}{\bar s}, \v{s}{s} \rangle\bigr)`,
  G3: String.raw`\v{dz}{\bar z} = \v{dLogProbs}{\bar\ell} - \sigma(z)\, \langle \v{dLogProbs}{\bar\ell}, 1 \rangle, \qquad \sigma(z) = e^{\v{logProbs}{\ell}}`,
  G4: String.raw`\v{dz}{\bar z} = \frac{\sigma(z)\, \v{mass}{\langle q, 1 \rangle} - \v{target}{q}}{\v{B}{B}}, \qquad \sigma(z) = e^{\v{logProbs}{\ell}}`,
  G6: String.raw`\bar z_s = \frac{\v{tau}{\tau}}{B}\, \v{difference}{(s - p)}, \qquad s = \sigma(z_s/\tau), \qquad p = \sigma(z_t/\tau)`,
  G7: String.raw`\v{ratio}{u} = \log s - \log p, \qquad \bar z_s = \frac{\v{tau}{\tau}}{B}\, \v{probs}{s} \odot \v{centred}{\bigl(u - \langle s, u \rangle\bigr)}`,
  G8: String.raw`\v{dTruth}{\bar z_c} = (1 - \v{alpha}{\alpha})\, \frac{\sigma(z_c) - q}{B}, \qquad \v{dTeacher}{\bar z_d} = \v{alpha}{\alpha}\, \frac{\sigma(z_d) - \operatorname{onehot}(y_t)}{B}`,
  G9: String.raw`\v{half}{\bar z_c} = \v{half}{\bar z_d} = \tfrac12\, \v{dz}{\bar z}`,
  G10: String.raw`\begin{gathered} \v{h}{h} = \v{dy}{\bar y} \odot \v{gamma}{\gamma}, \qquad \v{dx}{\bar x} = \v{rstd}{r} \odot \bigl(\v{h}{h} - \v{alongOnes}{\operatorname{mean}(h)} - \v{alongXHat}{\hat x \odot \operatorname{mean}(h \odot \hat x)}\bigr) \\ \v{dGamma}{\bar\gamma} = \sum \v{dy}{\bar y} \odot \v{xHat}{\hat x}, \qquad \v{dBeta}{\bar\beta} = \sum \v{dy}{\bar y} \end{gathered}`,
  G12: String.raw`\begin{gathered} \v{dMix}{\bar V} = A^{\mathsf T}\, \v{dO}{\bar O}, \qquad \bar A = \v{dO}{\bar O}\, \v{values}{V}^{\mathsf T}, \qquad \v{dProbs}{\bar S} = A \odot \bigl(\bar A - \langle \bar A, A \rangle\bigr) \\ \v{dScores}{\bar Q} = d^{-\frac12}\, \v{dProbs}{\bar S}\, \v{keys}{K}, \qquad \bar K = d^{-\frac12}\, \v{dProbs}{\bar S}^{\mathsf T}\, \v{q}{Q} \end{gathered}`,
  G13: String.raw`\v{dProj}{\bar O} = \v{dDrop}{\bar Y}\, W_o, \qquad \v{dSplit}{[\bar Q\,|\,\bar K\,|\,\bar V]} \text{ by (G12)}, \qquad \v{dQkv}{\bar X} = \v{dSplit}{[\bar Q\,|\,\bar K\,|\,\bar V]}\, W_{qkv}`,
  G14: String.raw`\bar X = \v{dy}{\bar X^{+}}, \qquad \overline{\text{branch}} = \v{multiplier}{m} \odot \v{dy}{\bar X^{+}}`,
  G16: String.raw`\begin{gathered} \v{dPosition}{\overline{pos}} = \sum_b \v{dX0}{\bar X_0}, \qquad \v{dCls}{\overline{cls}} = \sum_b \v{dX0}{\bar X_0}[:,0] \\ \v{dDist}{\overline{dist}} = \sum_b \v{dX0}{\bar X_0}[:,1], \qquad \v{dPrefix}{\bar E} = \v{dX0}{\bar X_0}[:,P\!:] \end{gathered}`,
  G17: String.raw`\v{cls}{\bar Z}[:,0] = \bar z_c\, W_c, \qquad \v{dist}{\bar Z}[:,1] = \bar z_d\, W_d, \qquad \bar Z[:,t] = 0 \text{ for } t > 1`,
  G18: String.raw`\v{dProj}{\bar U} = \v{dE}{\bar E}\, W_p, \qquad \v{weight}{\bar W_p} = \sum \v{dE}{\bar E}^{\mathsf T} U, \qquad \bar b_p = \sum \v{dE}{\bar E}, \qquad \v{dPatches}{\overline{img}} = \operatorname{fold}(\v{dProj}{\bar U})`,
  G19: String.raw`\bar X = R^{\mathsf T}\, \v{dY}{\bar Y}\, R' \quad \text{for each channel; prefix rows pass through}`,
};
