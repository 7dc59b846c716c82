/** Writes what augmentation does to an image: a page, or a sheet of the same pictures without words. */
import type { Pixels } from "../data/pixels/pixels.ts";
import { pngAddress, pngOfRgb } from "../io/png.ts";
import { documentText } from "../report/document.ts";
import { html, type Html } from "../report/html.ts";
import type { Captioned, OperationRow } from "./augmentations.ts";
import { sheet } from "./pictures.ts";

/** The contents. */
export interface AugmentationPictures {
  /** The image's name. */
  readonly name: string;
  readonly image: Pixels;
  readonly operations: readonly OperationRow[];
  /** Whose views are shown, in words. */
  readonly recipe: string;
  readonly views: readonly Captioned[];
}

/** Pictures side by side. */
const ACROSS = 8;

const style = `
.shown { display: grid; grid-template-columns: repeat(auto-fill, 112px); gap: 0.9rem; margin: 0.75rem 0 1.75rem; }
.shown figure { margin: 0; }
.shown img { display: block; width: 112px; border-radius: 0.25rem; }
.shown figcaption { margin-top: 0.25rem; font-size: 0.72rem; line-height: 1.3; color: var(--soft); }
`;

const source = ({ data, width, height }: Pixels): string => pngAddress(pngOfRgb(data, width, height));

const figures = (pictures: readonly Captioned[]): Html =>
  html`<div class="shown">
    ${pictures.map(
      ({ caption, picture }) =>
        html`<figure>
          <img src="${source(picture)}" alt="${caption}" width="${picture.width}" height="${picture.height}" />
          <figcaption>${caption}</figcaption>
        </figure>`,
    )}
  </div>`;

/** The text of the page; it needs no other file. */
export const augmentationPage = ({ name, image, operations, recipe, views }: AugmentationPictures): string =>
  documentText({
    title: `${name} · deit augment`,
    over: "deit · augmentation",
    heading: name,
    lead: figures([{ caption: "the middle of the image", picture: image }]),
    sections: [
      { id: "views", title: `As ${recipe} would train on it`, body: figures(views) },
      {
        id: "operations",
        title: "Operations by magnitude",
        body: html`${operations.map(
          ({ op, shown }) =>
            html`<h3>${op}</h3>
              ${figures(shown)}`,
        )}`,
      },
    ],
    ownStyle: style,
  });

/** The same pictures: the image, a row an operation, then the views. */
export function augmentationSheet({ image, operations, views }: AugmentationPictures): Pixels {
  const pictures = views.map(({ picture }) => picture);
  const grid = Array.from({ length: Math.ceil(pictures.length / ACROSS) }, (_, row) => pictures.slice(row * ACROSS, (row + 1) * ACROSS));
  return sheet([[image], ...operations.map(({ shown }) => shown.map(({ picture }) => picture)), ...grid]);
}
