/**
 * The numbered formulas of the network (docs/deit.md, section 1) in TeX. `\v{name}{letter}` sets a letter that is the variable `name` in the code,
 * so that a page highlights both together.
 */
export const network: Readonly<Record<string, string>> = {
  E7: String.raw`\v{S}{S} = d^{-\frac12}\, \v{q}{Q}\,\v{kk}{K}^{\mathsf T}, \qquad \v{A}{A} = \sigma(\v{S}{S}), \qquad \v{out}{O} = \v{A}{A}\,\v{v}{V}`,
  E9: String.raw`\Phi(x) = \tfrac12\bigl(1 + \operatorname{erf}(x/\sqrt2)\bigr), \qquad \operatorname{GELU}(\v{x}{x}) = \v{x}{x}\,\v{normalCdf}{\Phi}(\v{x}{x})`,
};
