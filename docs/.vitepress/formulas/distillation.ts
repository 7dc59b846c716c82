/** The formulas of the chapter on distillation in TeX, as in network.ts. */
export const distillation: Readonly<Record<string, string>> = {
  E22: String.raw`\v{loss}{L} = (1 - \v{lambda}{\lambda})\, \v{truth}{\operatorname{CE}(z_c, q)} + \v{lambda}{\lambda}\, \v{teacher}{\tau^2 \operatorname{KL}}`,
  E23: String.raw`\begin{gathered}
p = \sigma(\v{zt}{z_t}/\v{tau}{\tau}), \qquad s = \sigma(\v{zs}{z_s}/\v{tau}{\tau}) \\
\operatorname{KL} = \frac1B \sum_b \sum_k p_{bk} \bigl(\v{teacher}{\log p_{bk}} - \v{student}{\log s_{bk}}\bigr)
\end{gathered}`,
  E24: String.raw`L = (1 - \lambda) \operatorname{CE}(z_c, q) + \lambda\, \v{tau}{\tau}^2\, \v{divideBy}{\tfrac1K}\, \operatorname{KL}`,
  E25: String.raw`y_t = \operatorname*{arg\,max}_k\, \v{teacher}{z_{t,k}}`,
  E26: String.raw`\v{loss}{L} = (1 - \v{alpha}{\alpha})\, \v{truth}{\operatorname{CE}(z_c, q)} + \v{alpha}{\alpha}\, \v{taught}{\operatorname{CE}\bigl(z_d, \operatorname{onehot}(y_t)\bigr)}, \qquad \v{alpha}{\alpha} = \tfrac12`,
  G6: String.raw`\overline{z_s} = \frac{\v{tau}{\tau}}{B}\, \v{difference}{(s - p)}\, \v{dOut}{\overline L}`,
  G7: String.raw`\v{ratio}{u} = \log s - \log p, \qquad \overline{z_s} = \frac{\v{tau}{\tau}}{B}\, \v{probs}{s} \odot \v{centred}{\bigl(u - \langle s, u \rangle\bigr)}\, \v{dOut}{\overline L}`,
  G8: String.raw`\v{dTruth}{\overline{z_c}} = \frac{1 - \v{alpha}{\alpha}}{B} \bigl(\sigma(z_c) - q\bigr)\, \v{dLoss}{\overline L}, \qquad \v{dTeacher}{\overline{z_d}} = \frac{\v{alpha}{\alpha}}{B} \bigl(\sigma(z_d) - \operatorname{onehot}(y_t)\bigr)\, \v{dLoss}{\overline L}`,
};
