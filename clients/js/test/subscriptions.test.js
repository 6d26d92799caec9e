/** What an address can say of subscriptions, and what remains. */

import assert from "node:assert/strict";
import { test } from "node:test";

import { parameters } from "../src/rest.js";
import { Subscriptions } from "../src/subscriptions.js";

const none = new Subscriptions();
const said = (subscriptions) => `${parameters(subscriptions.query)}`;

test("one filter and one place go with the topics", () => {
  const filter = { farmIds: ["hill", "dale"], relevance: "mine" };
  const all = ["price_drops", "trending", "new_arrivals", "personalized"];
  const wanted = none.with({ topics: all, filter, latitude: 39, longitude: -84.5 });
  const narrowed = "farmIds=hill%2Cdale&relevance=mine&latitude=39&longitude=-84.5";
  assert.equal(said(wanted), `topics=${all.join("%2C")}&${narrowed}`);
  assert.deepEqual(wanted.unsaid, []);
  assert.equal(said(none), "");
});

test("a filter is of alerts, and a place of lists", () => {
  const wanted = none.with({ topics: ["trending"], latitude: 1, longitude: 2 }).with({ topics: ["price_drops"] });
  assert.equal(said(wanted), "topics=trending%2Cprice_drops&latitude=1&longitude=2");
  assert.deepEqual(wanted.unsaid, []);
});

test("of several filters, or places, none goes with the topics, and each is said later", () => {
  const [rye, oat] = ["rye", "oat"].map((id) => ({ productIds: [id] }));
  const filters = none.with({ topics: ["price_drops"], filter: rye }).with({ topics: ["stock_alerts"], filter: oat });
  assert.equal(said(filters), "topics=price_drops%2Cstock_alerts");
  assert.deepEqual(filters.unsaid, [
    { topics: ["price_drops"], filter: rye },
    { topics: ["stock_alerts"], filter: oat },
  ]);
  const places = filters
    .without({ topics: ["stock_alerts"] })
    .with({ topics: ["trending"], latitude: 1, longitude: 2 })
    .with({ topics: ["personalized"] });
  assert.equal(said(places), "topics=price_drops%2Ctrending%2Cpersonalized&productIds=rye");
  assert.deepEqual(places.unsaid, [
    { topics: ["trending"], latitude: 1, longitude: 2 },
    { topics: ["personalized"], latitude: undefined, longitude: undefined },
  ]);
});

test("a name with a comma is said later", () => {
  const wanted = none.with({ topics: ["price_drops"], filter: { categories: ["Fruit, dried", "Nuts"] } });
  assert.equal(said(wanted), "topics=price_drops");
  assert.deepEqual(wanted.unsaid, [{ topics: ["price_drops"], filter: { categories: ["Fruit, dried", "Nuts"] } }]);
});

test("until it is said, what does not fit is not let through", () => {
  const filter = { categories: ["Fruit, dried"], farmIds: ["hill"], productIds: ["figs", "dates"] };
  const wanted = none.with({ topics: ["price_drops", "new_arrivals"], filter });
  const figs = { id: "figs", farmId: "hill", category: "Fruit, dried" };
  const drop = (fields) => ({ type: "PRICE_DROP_ALERT", payload: { product: { ...figs, ...fields } } });
  assert.ok(wanted.admits(drop({})));
  const others = [{ id: "plums" }, { farmId: "dale" }, { category: "Fruit" }];
  for (const other of others) assert.ok(!wanted.admits(drop(other)));
  const products = (...ids) => ({ products: ids.map((id) => ({ ...figs, id })) });
  const arrived = (...ids) => ({ type: "NEW_ARRIVAL_ALERT", payload: products(...ids) });
  assert.ok(wanted.admits(arrived("plums", "dates")));
  assert.ok(!wanted.admits(arrived("plums")));
  assert.ok(wanted.admits({ type: "TRENDING_UPDATE", payload: { products: [] } }));
  assert.ok(wanted.admits({ type: "ACTION_ACK", payload: {} }));
});
