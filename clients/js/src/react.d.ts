/** The client as a React hook. */

import type { ReactElement, ReactNode } from "react";
import type { Alert, Options, Recommendation, Topic, Tracked, UserAction } from "./index.js";

/** Says for all hooks inside where the server is, and what to show it. */
export function PunnetProvider(props: Pick<Options, "url" | "token"> & { children?: ReactNode }): ReactElement;

/** What a shopper is recommended, and told, as it comes. Nothing is opened until there is a `userId`. */
export function useRecommendations(options: {
  userId: string | null | undefined;
  /** `price_drops` and `personalized`, unless they are given. */
  topics?: Topic[];
  autoConnect?: boolean;
}): {
  isConnected: boolean;
  /** The answer to what the shopper did last; before that, the shopper's own list when others changed it. */
  recommendations: Recommendation[];
  /** What came on the other topics, newest last: 100 at most. */
  alerts: Alert[];
  /** The same function in each rendering; works before the connection is open, and without one. */
  trackAction: (action: UserAction, entityId?: string, metadata?: Record<string, unknown>) => Promise<Tracked>;
  connect: () => void;
  disconnect: () => void;
};
