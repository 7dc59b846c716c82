/** Highlights a letter of a formula and the variable of its code together: while the pointer is on one of them, or after its button is pressed. */

/** Turns the marks of one name within a formula on or off. */
function mark(section: Element, name: string | null): void {
  for (const element of section.querySelectorAll("[data-v]")) element.classList.toggle("same", element.getAttribute("data-v") === name);
}

const placeOf = (target: EventTarget | null): readonly [section: Element, name: string] | null => {
  const marked = target instanceof Element ? target.closest("[data-v]") : null;
  const section = marked?.closest(".formula") ?? null;
  return marked === null || section === null ? null : [section, marked.getAttribute("data-v") ?? ""];
};

/** Listens on the whole page, since its formulas change. */
export function highlightLetters(): void {
  document.addEventListener("pointerover", ({ target }) => {
    const place = placeOf(target);
    for (const section of document.querySelectorAll(".formula")) mark(section, place?.[0] === section ? place[1] : null);
  });
  document.addEventListener("focusin", ({ target }) => {
    const place = placeOf(target);
    if (place !== null) mark(...place);
  });
}
