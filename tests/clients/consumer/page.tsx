/** A page that uses the hook: what it may write, and what it may not. */

import { useEffect, type ReactElement } from "react";
import { PunnetProvider, useRecommendations } from "punnet/react";

function ProductPage({ product, userId }: { product: { id: string }; userId: string | null }): ReactElement {
  const { recommendations, alerts, trackAction, isConnected, connect, disconnect } = useRecommendations({
    userId,
    topics: ["personalized", "price_drops"],
  });
  useEffect(() => {
    trackAction("VIEW_PRODUCT", product.id, { from: "a letter" });
  }, [product.id, trackAction]);
  const drops = alerts.filter((alert) => alert.type === "PRICE_DROP_ALERT");
  return (
    <main>
      <button onClick={isConnected ? disconnect : connect}>{isConnected ? "leave" : "come back"}</button>
      {recommendations.map(({ product, score, reason }) => (
        <p key={product.id} title={reason}>
          {product.name} {score.toFixed(2)}
        </p>
      ))}
      {drops.map((alert) => (
        <p key={alert.productId}>{alert.newPrice}</p>
      ))}
    </main>
  );
}

export function Shop(): ReactElement {
  return (
    <PunnetProvider url="https://shop.example" token={async () => "token"}>
      <ProductPage product={{ id: "rye" }} userId={null} />
    </PunnetProvider>
  );
}

export function Mistakes(): ReactElement {
  // @ts-expect-error A hook is somebody's.
  useRecommendations({});
  // @ts-expect-error No such topic.
  const { trackAction } = useRecommendations({ userId: "ann", topics: ["gossip"] });
  // @ts-expect-error No such action.
  trackAction("EAT", "rye");
  // @ts-expect-error A token is text.
  return <PunnetProvider token={7} />;
}
