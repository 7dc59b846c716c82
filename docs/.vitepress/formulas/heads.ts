/** The formulas of the chapter on the heads in TeX, as in network.ts. */
export const heads: Readonly<Record<string, string>> = {
  E14: String.raw`\v{zc}{z_c} = \v{z}{Z}_{:,0}\, W_c^{\mathsf T} + b_c`,
  E15: String.raw`\v{zd}{z_d} = \v{z}{Z}_{:,1}\, W_d^{\mathsf T} + b_d`,
  E27: String.raw`\operatorname*{arg\,max}_k\, \bigl[\v{c}{\sigma(z_c)} + \v{d}{\sigma(z_d)}\bigr]_k \qquad \operatorname*{arg\,max}_k\, \bigl[\tfrac12 (z_c + z_d)\bigr]_k`,
  G9: String.raw`z = \tfrac12 (z_c + z_d): \qquad \overline{z_c} = \overline{z_d} = \v{half}{\tfrac12 \v{dz}{\bar z}}`,
  G17: String.raw`\overline Z_{:,0} = \v{cls}{\overline{z_c}\, W_c}, \qquad \overline Z_{:,1} = \v{dist}{\overline{z_d}\, W_d}, \qquad \overline Z_{:,t} = 0 \quad (t \ge 2)`,
};
