/** Names with their values, as an HTML description list. */
import { html, type Html } from "./html.ts";

/** @param look the list's class in the style sheet */
export const descriptionList = (look: string, pairs: readonly (readonly [name: string, value: string])[]): Html =>
  html`<dl class="${look}">
    ${pairs.map(
      ([name, value]) =>
        html`<div>
          <dt>${name}</dt>
          <dd>${value}</dd>
        </div>`,
    )}
  </dl>`;
