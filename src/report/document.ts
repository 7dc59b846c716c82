/** Writes an HTML page that is one file: a header that links to the sections, and the sections. */
import { html, nothing, trusted, type Html } from "./html.ts";
import { style } from "./style.ts";

export interface Section {
  readonly id: string;
  readonly title: string;
  readonly body: Html;
}

export interface Document {
  /** Title of the window. */
  readonly title: string;
  /** The line above the heading: what kind of page it is. */
  readonly over: string;
  readonly heading: string;
  /** What follows the heading. */
  readonly lead: Html;
  readonly sections: readonly Section[];
  /** After how many seconds a browser loads the page again; null: never. */
  readonly refresh?: number | null;
  /** CSS of this page, in addition to that of all pages. */
  readonly ownStyle?: string;
  /** What follows the sections, such as panels that are hidden until they are opened. */
  readonly after?: Html;
}

const section = ({ id, title, body }: Section): Html =>
  html`<section id="${id}" aria-labelledby="${id}-title">
    <h2 id="${id}-title">${title}</h2>
    ${body}
  </section> `;

export const documentText = ({ title, over, heading, lead, sections, refresh = null, ownStyle = "", after = nothing }: Document): string =>
  html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        ${refresh === null ? nothing : html`<meta http-equiv="refresh" content="${refresh}" />`}
        <title>${title}</title>
        <style>
          ${trusted(style)} ${trusted(ownStyle)}
        </style>
      </head>
      <body>
        <main>
          <header>
            <p class="over">${over}</p>
            <h1>${heading}</h1>
            ${lead}
            <nav aria-label="sections">${sections.map(({ id, title: name }) => html`<a href="#${id}">${name}</a>`)}</nav>
          </header>
          ${sections.map(section)}
        </main>
        ${after}
      </body>
    </html> `.html;
