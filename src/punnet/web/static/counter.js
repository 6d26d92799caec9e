/** The counter beside the shelf: the product that was picked up, and the basket. */

import { picture } from "./art.js";
import { pick } from "./cards.js";
import { arrange, drawing, el, say, successor } from "./dom.js";
import { count, names, price, soldOut, stock, unit } from "./words.js";

const docked = matchMedia("(min-width: 1080px)");

export class Counter {
  #shop;
  #node = document.getElementById("counter");
  #veil = document.getElementById("veil");
  #views = {
    product: document.getElementById("view-product"),
    basket: document.getElementById("view-basket"),
  };
  #tabs = { product: document.getElementById("tab-product"), basket: document.getElementById("tab-basket") };
  #lines = el("div", { className: "receipt" });
  #goesWell = suggestions("Goes well with this", "product");
  #completes = suggestions("Complete your basket", "basket");
  #everyone = suggestions("What everyone likes");
  #product = null;
  #add = null;
  #opener = {};

  /** `shop` has basket, open, add, change, remove, wish and buy. */
  constructor(shop) {
    this.#shop = shop;
    this.#tabs.product.addEventListener("click", () => this.#turn("product"));
    this.#tabs.basket.addEventListener("click", () => this.#turn("basket"));
    document.getElementById("counter-close").addEventListener("click", () => this.close());
    this.#veil.addEventListener("click", () => this.close());
    this.#node.addEventListener("keydown", (event) => event.key === "Escape" && this.close());
    docked.addEventListener("change", () => this.#raise(this.#node.classList.contains("up")));
    this.#views.basket.append(this.#lines, this.#completes.node);
  }

  /** Nothing picked up yet. */
  clear() {
    this.#product = null;
    this.#goesWell.list.replaceChildren();
    this.#completes.list.replaceChildren();
    this.#completes.node.hidden = true;
    this.#views.product.replaceChildren(
      el(
        "div",
        { className: "bare" },
        drawing("basket"),
        el("p", { textContent: "Pick something up from the shelf. What goes well with it turns up here." }),
      ),
      this.#everyone.node,
    );
    this.#everyone.node.hidden = true;
    this.basket();
    this.#turn("product");
  }

  /** While nothing is picked up: what the market suggests to somebody it does not know. */
  everyone(recommendations) {
    this.#everyone.node.hidden = recommendations.length === 0;
    this.#everyone.note.textContent = "What somebody new to the market sees.";
    arrange(this.#everyone.list, recommendations, (one) => pick(one, 0, this.#shop));
  }

  /** Put a product on the counter. What goes well with it comes later. */
  put(product, event) {
    this.#product = product;
    this.#from(event);
    this.#goesWell.note.textContent = "Asking the market…";
    this.#views.product.replaceChildren(this.#sheet(product), this.#goesWell.node);
    this.#turn("product");
    this.#raise(true);
    this.#node.scrollTop = 0;
    // A click by keyboard has detail 0: who works without a mouse is taken along.
    if (!docked.matches || event?.detail === 0) this.#views.product.querySelector("h3").focus();
  }

  /** Fill "goes well with this". */
  goesWell(recommendations) {
    fill(this.#goesWell, recommendations, this.#shop);
  }

  /** Fill "complete your basket". */
  completes(recommendations) {
    this.#completes.node.hidden = recommendations.length === 0;
    this.#completes.title.textContent = "Complete your basket";
    fill(this.#completes, recommendations, this.#shop);
  }

  /** Show the basket as it is, and turn to it where the counter stands beside the shelf. */
  basket(turn = false) {
    const { basket } = this.#shop;
    if (this.#product) this.#add.textContent = addLabel(basket.holds(this.#product));
    this.#tabs.basket.textContent = basket.count ? `Basket · ${basket.count}` : "Basket";
    this.#lines.replaceChildren(...(basket.lines.length ? this.#receipt(basket) : [empty()]));
    if (!basket.lines.length) this.#completes.node.hidden = true;
    if (turn && docked.matches) this.#turn("basket");
  }

  /** The order went through. */
  bought(thanks, recommendations) {
    this.basket();
    this.#lines.replaceChildren(
      el(
        "div",
        { className: "bare thanks" },
        drawing("flowers"),
        el("h3", { textContent: "Thank you!", tabIndex: -1 }),
        el("p", { textContent: thanks }),
      ),
    );
    this.completes(recommendations);
    this.#completes.title.textContent = "For the next time";
    this.#lines.querySelector("h3").focus();
  }

  /** The order did not go through. */
  unsold(sentence) {
    this.basket();
    this.#lines.append(el("p", { className: "unsold", role: "alert", textContent: sentence }));
  }

  /** Bring the basket up. */
  openBasket(event) {
    this.#from(event);
    this.#turn("basket");
    this.#raise(true);
    this.#tabs.basket.focus();
  }

  close() {
    this.#raise(false);
    const { node, list } = this.#opener;
    const back = node?.isConnected ? node : list && (successor(node, list) ?? list.querySelector("button"));
    back?.focus();
  }

  /** Remember where the counter was opened from; a list that is built anew has another node there. */
  #from(event) {
    const node = event?.currentTarget ?? null;
    this.#opener = { node, list: node?.closest("ol, ul") };
  }

  #turn(name) {
    for (const [other, view] of Object.entries(this.#views)) {
      view.hidden = other !== name;
      this.#tabs[other].setAttribute("aria-pressed", String(other === name));
    }
  }

  /** On a narrow window the counter is a sheet over the page: what lies below is then out of reach. */
  #raise(up) {
    const over = up && !docked.matches;
    this.#node.classList.toggle("up", up);
    this.#veil.hidden = !over;
    document.body.classList.toggle("held", over);
    for (const id of ["sign", "main"]) document.getElementById(id).inert = over;
  }

  #sheet(product) {
    const { farm } = product;
    this.#add = el("button", {
      type: "button",
      className: "primary",
      textContent: addLabel(this.#shop.basket.holds(product)),
      disabled: soldOut(product),
      onclick: () => this.#shop.add(product),
    });
    return el(
      "article",
      { className: "sheet" },
      picture(product, "sheet-art"),
      el(
        "p",
        { className: "kicker" },
        product.category,
        product.organic ? el("span", { className: "organic", textContent: "organic" }) : null,
      ),
      el("h3", { textContent: product.name, tabIndex: -1 }),
      el("p", { className: "facts", textContent: farm.region ? `${farm.name}, ${farm.region}` : farm.name }),
      el(
        "p",
        { className: "sheet-price" },
        el("span", { className: "tag" }, el("b", { textContent: price(product.price) }), ` ${unit(product)}`),
        el("span", { className: "stock", textContent: stock(product) }),
      ),
      el("div", { className: "actions" }, this.#add, this.#heart(product)),
    );
  }

  #heart(product) {
    const button = el(
      "button",
      {
        type: "button",
        className: "wish",
        title: "Wishlist",
        "aria-label": `${product.name} on the wishlist`,
        "aria-pressed": String(this.#shop.basket.isWished(product)),
      },
      drawing("heart"),
    );
    button.addEventListener("click", () =>
      button.setAttribute("aria-pressed", String(this.#shop.wish(product))),
    );
    return button;
  }

  #receipt(basket) {
    const lines = el("ul", { className: "lines" }, ...basket.lines.map((line) => this.#line(line)));
    const total = el("p", { className: "total" }, "Together", el("b", { textContent: price(basket.total) }));
    const buy = el("button", {
      type: "button",
      className: "primary",
      textContent: `Buy ${count(basket.count, "thing")}`,
      onclick: () => this.#shop.buy(buy),
    });
    return [lines, total, buy];
  }

  #line({ product, quantity }) {
    const step = (by, label) =>
      el("button", {
        type: "button",
        className: by > 0 ? "step more-of" : "step less-of",
        "aria-label": `${label} ${product.name}`,
        onclick: () => this.#shop.change(product, by),
      });
    return el(
      "li",
      { "data-key": product.id },
      el("span", { className: "line-name", textContent: product.name }),
      el("span", { className: "line-price", textContent: price(quantity * product.price) }),
      el(
        "span",
        { className: "steps" },
        step(-1, "One less of"),
        el("span", { textContent: quantity }),
        step(1, "One more of"),
      ),
      el("button", {
        type: "button",
        className: "remove",
        textContent: "remove",
        "aria-label": `Remove ${product.name}`,
        onclick: () => this.#shop.remove(product),
      }),
    );
  }
}

const addLabel = (held) => (held ? `Add one more (${held} in the basket)` : "Add to basket");

function empty() {
  return el(
    "div",
    { className: "bare" },
    drawing("bag"),
    el("p", {
      textContent: "Your basket is empty. Whatever you put in brings suggestions that complete it.",
    }),
  );
}

function suggestions(heading, beside) {
  const title = el("h3", { textContent: heading });
  const note = el("p", { className: "note" });
  const list = el("ol", { className: "picks" });
  return { node: el("section", { className: "suggestions" }, title, note, list), title, note, list, beside };
}

function fill({ title, note, list, beside }, recommendations, shop) {
  const { arrived } = arrange(list, recommendations, (one, move) => pick(one, move, shop, beside));
  const here = count(recommendations.length, "suggestion");
  note.textContent = arrived.length ? `${arrived.length} of ${recommendations.length} just came in` : here;
  say(`${title.textContent}: ${arrived.length ? `new are ${names(arrived)}` : here}.`);
}
