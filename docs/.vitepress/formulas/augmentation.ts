/** The numbered formulas of mixing (docs/deit.md, section 7.9) in TeX, as in network.ts. */
export const augmentation: Readonly<Record<string, string>> = {
  E38: String.raw`x_i \leftarrow \v{lambda}{\lambda}\, \v{x}{x_i} + (1 - \v{lambda}{\lambda})\, \v{partners}{x_{B-1-i}}, \qquad \lambda \sim \operatorname{Beta}(\alpha, \alpha)`,
  E39: String.raw`\begin{aligned}
c_h &= \operatorname{trunc}\bigl(H\sqrt{1-\lambda}\bigr) \\
c_w &= \operatorname{trunc}\bigl(W\sqrt{1-\lambda}\bigr) \\
I &= \bigl[\operatorname{clip}(c_y - \lfloor \tfrac{c_h}{2} \rfloor,\, 0,\, H),\ \operatorname{clip}(c_y + \lfloor \tfrac{c_h}{2} \rfloor,\, 0,\, H)\bigr) \\
J &= \bigl[\operatorname{clip}(c_x - \lfloor \tfrac{c_w}{2} \rfloor,\, 0,\, W),\ \operatorname{clip}(c_x + \lfloor \tfrac{c_w}{2} \rfloor,\, 0,\, W)\bigr) \\
x_i(u, v) &\leftarrow \begin{cases} \v{partners}{x_{B-1-i}}(u, v) & (u, v) \in \v{box}{I \times J} \\ \v{x}{x_i}(u, v) & \text{else} \end{cases} \\
\lambda &\leftarrow 1 - \frac{|I|\,|J|}{HW}
\end{aligned}`,
  E33: String.raw`q_i = \v{lambda}{\lambda}\, \v{x}{\operatorname{smooth}(y_i)} + (1 - \v{lambda}{\lambda})\, \v{partners}{\operatorname{smooth}(y_{B-1-i})}`,
};
