/** A shop that uses all of the client: what it may write, and what it may not. */

import { Punnet, Refused, Unreachable, type Alert, type Answer, type Message, type State } from "punnet";

/** Return what a shopper of the server saw, in words. */
export async function afternoon(url: string): Promise<string[]> {
  const seen: string[] = [];
  const punnet = new Punnet({ url: new URL(url), userId: "ann", topics: ["trending"], latitude: 39.1, longitude: -84.5, storage: null });
  punnet.on("state", (state: State) => seen.push(state));
  punnet.on("pending", (count) => seen.push(`${count satisfies number} waiting`));
  punnet.on("refused", (error, action) => seen.push(`${error.field}: ${action?.action ?? "the stream"}`));
  punnet.on("unresumed", () => seen.push("unresumed"));
  const off: () => void = punnet.on("PRICE_DROP_ALERT", ({ product, oldPrice, newPrice, lastSeenPrice = oldPrice }) => {
    seen.push(`${product.name} of ${product.farm.name}: ${lastSeenPrice} → ${newPrice}`);
  });
  punnet.on("*", (payload, message) => {
    if (message.type === "STOCK_ALERT") seen.push(`${message.payload.stock ?? "some"}`);
  });
  punnet.on("NEW_ARRIVAL_ALERT", (payload, message: Message<"NEW_ARRIVAL_ALERT">) => alerted(message.payload));

  const connected: Punnet = punnet.connect();
  const topics: string[] = await connected.subscribe(["price_drops"], { filter: { relevance: "mine", farmIds: ["hill"] } });
  seen.push(topics.join());
  await punnet.unsubscribe(["trending"]);
  const { eventId, duplicate } = await punnet.track("VIEW_PRODUCT", { entityId: "rye", timestamp: new Date() });
  seen.push(`${eventId.length > 0} ${duplicate}`);
  const answers: Answer[] = [
    await punnet.act("SEARCH", { metadata: { searchQuery: "bread" }, context: { pageType: "SEARCH" }, limit: 3 }),
    await punnet.recommend({ context: "CART", excludeIds: ["oat"], limit: 3 }),
    await punnet.request({ productId: "rye", latitude: 39, longitude: -84 }),
  ];
  for (const { product, reason, metadata } of answers.flatMap(({ recommendations }) => recommendations)) {
    seen.push(`${product.id} ${reason} ${Object.keys(metadata.contributions ?? {}).join()}`);
  }
  const { count } = await punnet.together("rye", 2);
  const { products, next } = await punnet.products({ category: "Bread", limit: 1 });
  const { websockets, market } = await punnet.statistics({ detailed: true });
  seen.push(`${count} ${products.length} ${next} ${websockets.subscriptionBreakdown?.price_drops} ${market.farms > 0}`);
  try {
    await punnet.product("nothing");
  } catch (error) {
    if (error instanceof Refused) seen.push(`${error.name} ${error.code} ${error.status} ${error.allowed}`);
    else if (error instanceof Unreachable) seen.push(error.name);
  }
  const shown: Message<"HEARTBEAT"> | null = await punnet.refreshToken().catch(() => null);
  seen.push(`a token was shown at ${shown?.payload.serverTime}`);
  off();
  punnet.close();
  seen.push(`${punnet.state} ${punnet.transport} ${punnet.pending} ${punnet.topics.join()} ${punnet.userId}`);
  return seen;
}

function alerted(alert: Alert): string {
  switch (alert.type) {
    case "PRICE_DROP_ALERT":
      return `${alert.newPrice}`;
    case "STOCK_ALERT":
      return `${alert.stock}`;
    case "NEW_ARRIVAL_ALERT":
    case "TRENDING_UPDATE":
      return alert.products.map(({ name }) => name).join();
  }
}

export function mistakes(punnet: Punnet): void {
  // @ts-expect-error A client is somebody's.
  new Punnet({ url: "http://localhost" });
  // @ts-expect-error Nobody gossips.
  punnet.subscribe(["gossip"]);
  // @ts-expect-error Half a place is none.
  punnet.subscribe(["trending"], { latitude: 39.1 });
  // @ts-expect-error No such action.
  punnet.track("EAT", { entityId: "rye" });
  // @ts-expect-error No such page.
  punnet.recommend({ context: "ATTIC" });
  // @ts-expect-error No such message.
  punnet.on("PRICE_RISE_ALERT", () => {});
  // @ts-expect-error A price that fell has no stock.
  punnet.on("PRICE_DROP_ALERT", ({ stock }) => stock);
  // @ts-expect-error It is told, not set.
  punnet.state = "live";
}
