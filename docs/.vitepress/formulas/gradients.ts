/** The numbered gradients (docs/deit.md, section 3) in TeX, as in network.ts. */
export const gradients: Readonly<Record<string, string>> = {
  G11: String.raw`\bar x = \v{dy}{\bar y} \odot \v{slope}{\bigl(\Phi(x) + x\,\varphi(x)\bigr)}, \qquad \v{density}{\varphi}(\v{x}{x}) = \tfrac{1}{\sqrt{2\pi}}\, e^{-x^2/2}`,
};
