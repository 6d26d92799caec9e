"use client";

/** The client as a React hook. */

import { createContext, createElement, useCallback, useContext } from "react";
import { useEffect, useMemo, useReducer, useRef, useState } from "react";

import { clientOf } from "./sharing.js";
import { topicOf } from "./subscriptions.js";

const TOPICS = ["price_drops", "personalized"];
const ALERTS_KEPT = 100;

/** Messages with a list of recommendations. Without a topic they answer what the shopper did. */
const LISTS = ["RECOMMENDATION_UPDATE", "CART_RECOMMENDATION", "PERSONALIZED_SUGGESTION"];

/** The address of a page changes in an app: without another one, the server is at the root of the page's own. */
const ROOT = "/";

const Server = createContext({ url: ROOT, token: undefined });

/** Says for all hooks inside where the server is, and what to show it. */
export function PunnetProvider({ url = ROOT, token, children }) {
  const latest = useRef(token);
  useEffect(() => {
    latest.current = token;
  });
  const address = String(url);
  const server = useMemo(() => {
    // A new function with each rendering is no reason to connect again.
    const shown = () => (typeof latest.current === "function" ? latest.current() : latest.current);
    return { url: address, token: shown };
  }, [address]);
  return createElement(Server.Provider, { value: server }, children);
}

/**
 * What a shopper is recommended, and told, as it comes.
 *
 * `recommendations` is the answer to what the shopper did last; before that, the shopper's own list when others
 * changed it (topic `personalized`). `alerts` are the payloads of the other topics, newest last. All hooks of a user
 * share one connection.
 */
export function useRecommendations({ userId, topics = TOPICS, autoConnect = true }) {
  const { url, token } = useContext(Server);
  const [chosen, choose] = useState(null);
  const [view, show] = useReducer(shown, NOTHING);
  // Until it is known who the shopper is, there is nobody to connect.
  const isWanted = Boolean(userId) && (chosen ?? autoConnect);
  const names = topics.join();
  const whose = JSON.stringify([url, userId]);

  useEffect(() => {
    if (!isWanted) return undefined;
    const wanted = names ? names.split(",") : [];
    const client = clientOf({ url, token, userId });
    const { punnet } = client;
    const release = client.hold(wanted);
    const turned = (state) => show({ whose, isConnected: state === "live" });
    const silence = [
      punnet.on("state", turned),
      punnet.on("*", (_, message) => show({ whose, wanted, message })),
      release,
    ];
    turned(punnet.state);
    return () => {
      for (const end of silence) end();
      turned("closed");
    };
  }, [url, token, userId, names, whose, isWanted]);

  const trackAction = useCallback(
    async (action, entityId, metadata) => clientOf({ url, token, userId }).track(action, { entityId, metadata }),
    [url, token, userId],
  );
  const connect = useCallback(() => choose(true), []);
  const disconnect = useCallback(() => choose(false), []);
  const { isConnected, recommendations, alerts } = view.whose === whose ? view : NOTHING;
  return { isConnected, recommendations, alerts, trackAction, connect, disconnect };
}

const NOTHING = { whose: null, isConnected: false, recommendations: [], alerts: [], isAnswer: false };

/** The view after what came: a state, or a message for who wants these topics. */
function shown(before, { whose, ...came }) {
  const view = before.whose === whose ? before : { ...NOTHING, whose };
  if (!came.message) return { ...view, isConnected: came.isConnected };
  const { type, payload } = came.message;
  const topic = topicOf(came.message);
  if (topic && !came.wanted.includes(topic)) return view;
  if (!LISTS.includes(type)) return topic ? { ...view, alerts: [...view.alerts, payload].slice(-ALERTS_KEPT) } : view;
  if (topic && view.isAnswer) return view;
  return { ...view, recommendations: payload.recommendations, isAnswer: !topic };
}
