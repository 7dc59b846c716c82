/** The numbered formulas of resized positions (docs/deit.md, sections 1.9 and 3) in TeX, as in network.ts. */
export const resolution: Readonly<Record<string, string>> = {
  E16: String.raw`s = \frac{\v{n}{n}}{\v{m}{m}}, \qquad \v{u}{u} = s\,(\v{i}{i} + \tfrac12) - \tfrac12, \qquad \v{f}{f} = \lfloor \v{u}{u} \rfloor, \qquad t = \v{u}{u} - \v{f}{f}`,
  E17: String.raw`\begin{aligned}
&\v{cubic}{k}(x) = (\v{A_DEIT}{a}+2)\,x^3 - (\v{A_DEIT}{a}+3)\,x^2 + 1 && 0 \le x \le 1, \qquad \v{A_DEIT}{a} = -\tfrac34 \\
&\v{cubic}{k}(x) = \v{A_DEIT}{a}x^3 - 5\v{A_DEIT}{a}x^2 + 8\v{A_DEIT}{a}x - 4\v{A_DEIT}{a} && 1 \le x \le 2 \\
&R\bigl[\v{i}{i},\ \v{input}{l}\bigr] \mathrel{+}= \v{cubic}{k}\bigl(|\v{u}{u} - (\v{f}{f} - 1 + \v{j}{j})|\bigr) && \v{j}{j} = 0, \dots, 3 \\
&\v{input}{l} = \operatorname{clamp}(\v{f}{f} - 1 + \v{j}{j},\, 0,\, \v{n}{n} - 1)
\end{aligned}`,
  G19: String.raw`\begin{aligned} Y &= R\,X\,{R'}^{\mathsf T} && \text{per channel} \\ \bar X &= R^{\mathsf T}\, \v{dY}{\bar Y}\, R' && \text{prefix rows unchanged} \end{aligned}`,
};
