/** What a search or a category has, and what else might be interesting. */

import { startChips } from "./chips.js";
import { good } from "./cards.js";
import { arrange } from "./dom.js";
import { fits } from "./ideas.js";
import { market } from "./market.js";
import { Row } from "./row.js";
import "./sign.js";
import { count } from "./words.js";

const [FOUND, INTERESTING] = [48, 6];
const asked = new URLSearchParams(location.search);
const searchQuery = asked.get("q")?.trim() ?? "";
const category = asked.get("category")?.trim() ?? "";
const note = document.getElementById("found-note");
const found = document.getElementById("found");
const interested = new Row(document.getElementById("interested"));

/** Show the results; then record the search, which makes the market think of something else as well. */
async function open() {
  const title = searchQuery ? `“${searchQuery}”` : category || "Everything";
  document.title = `${title} · Punnet`;
  document.getElementById("found-title").textContent = title;
  document.getElementById("words").value = searchQuery;
  startChips(category);
  const results = await lookUp();
  if (!results) return;
  if (searchQuery) await market.track("SEARCH", { metadata: { searchQuery, resultsCount: results.length } });
  else if (category) await market.track("FILTER_CATEGORY", { metadata: { category } });
  await look(results);
}

async function lookUp() {
  const query = { searchQuery, category, context: "SEARCH", limit: FOUND };
  const answer = await market.attempt((punnet) => punnet.recommend(query));
  if (!answer) return null;
  const fitting = answer.recommendations.filter(({ product }) => !searchQuery || fits(product, searchQuery));
  note.textContent = said(fitting.length);
  arrange(found, fitting, good);
  return fitting;
}

/** Something beside the results, which follows from the search as well. */
async function look(results) {
  const query = { context: "HOME", limit: INTERESTING, excludeIds: results.map(({ product }) => product.id).join() };
  const answer = await market.attempt((punnet) => punnet.recommend(query));
  if (answer) interested.show(answer.recommendations, { greeting: "Beside what you searched for." });
}

function said(number) {
  if (number === FOUND) return `The ${FOUND} that suit you best.`;
  if (number) return `${count(number, "product")}, what suits you first.`;
  return searchQuery ? `Nothing here is called “${searchQuery}”. Perhaps one of these?` : "Nothing of that today.";
}

open();
market.addEventListener("news", lookUp);
market.punnet.on("unresumed", open);
