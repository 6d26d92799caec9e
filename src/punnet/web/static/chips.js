/** The categories, as links to what is in each. */

import { CATEGORIES, categoryDrawing } from "./art.js";
import { shelfOf } from "./cards.js";
import { el } from "./dom.js";

/** Fill the navigation; `chosen` is the category that the page shows. */
export function startChips(chosen) {
  const categories = !chosen || CATEGORIES.includes(chosen) ? CATEGORIES : [...CATEGORIES, chosen];
  document.getElementById("chips").replaceChildren(
    ...categories.map((category) =>
      el(
        "a",
        {
          className: "chip",
          href: shelfOf(category),
          "aria-current": category === chosen ? "page" : undefined,
        },
        categoryDrawing(category),
        category,
      ),
    ),
  );
}
