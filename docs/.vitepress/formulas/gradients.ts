/** The numbered gradients of the linear layer, of GELU and of the teacher (docs/deit.md, section 3) in TeX, as in network.ts. */
export const gradients: Readonly<Record<string, string>> = {
  G1: String.raw`\v{dx}{\bar x} = \v{dy}{\bar y}\,\v{weight}{W}, \quad \v{dWeight}{\bar W} = \sum \v{dy}{\bar y}^{\mathsf T}\v{x}{x}, \quad \v{dBias}{\bar b} = \sum \v{dy}{\bar y}`,
  G20: String.raw`\begin{gathered} \v{h}{h} = \v{dPixels}{\bar y} \odot \v{gamma}{\gamma} \\ \v{dx}{\bar x} = \v{rstd}{r} \odot \bigl(\v{h}{h} - \v{alongOnes}{\operatorname{mean}(h)} - \v{alongXHat}{\hat x \odot \operatorname{mean}(h \odot \hat x)}\bigr) \\ \bar\gamma = \sum \v{dPixels}{\bar y} \odot \v{xHat}{\hat x}, \qquad \bar\beta = \sum \v{dPixels}{\bar y} \quad \text{over } b, i, j \end{gathered}`,
  G21: String.raw`\begin{gathered} \v{dg}{\bar g} = \sum_{HW} \v{dy}{\bar y} \odot \v{x}{x}, \qquad \v{dGate}{\bar u} = \v{dg}{\bar g}\, \v{g}{g}\,(1 - \v{g}{g}) \\ \v{dx}{\bar x} = \v{dy}{\bar y}\, \v{g}{g} + \v{dMean}{\bar m / (HW)} \end{gathered}`,
  G22: String.raw`\begin{gathered} \v{dWeight}{\bar W}_{ocrt} = \sum_{b,i,j} \v{dy}{\bar y}_{boij}\, \v{x}{x}_{b,\,c',\,si+r-\mathrm{pad},\,sj+t-\mathrm{pad}} \\ \v{dx}{\bar x}_{b,\,c',\,k,\,l} = \sum_{\substack{o,\,i,\,j,\,r,\,t:\\ \rule{0pt}{1.2em} si+r-\mathrm{pad} = k,\; sj+t-\mathrm{pad} = l}} \v{dy}{\bar y}_{boij}\, \v{weight}{W}_{ocrt} \end{gathered}`,
};
