/** The client of a Punnet server, for browsers and for Node. */

export type Topic = "price_drops" | "stock_alerts" | "trending" | "new_arrivals" | "personalized";
export type State = "idle" | "connecting" | "live" | "reconnecting" | "closed";
export type EntityType = "PRODUCT" | "FARM" | "ORDER" | "SEARCH";
export type Context = "HOME" | "PRODUCT_DETAIL" | "CART" | "CHECKOUT" | "SEARCH";
export type UserAction =
  | "VIEW_PRODUCT"
  | "VIEW_FARM"
  | "ADD_TO_CART"
  | "REMOVE_FROM_CART"
  | "ADD_TO_WISHLIST"
  | "REMOVE_FROM_WISHLIST"
  | "SEARCH"
  | "FILTER_CATEGORY"
  | "COMPLETE_PURCHASE"
  | "RATE_PRODUCT"
  | "RATE_FARM"
  | "SHARE_PRODUCT"
  | "VIEW_RECOMMENDATIONS"
  | "CLICK_RECOMMENDATION";
export type Reason =
  | "SIMILAR_USERS"
  | "SIMILAR_PRODUCTS"
  | "TRENDING_LOCAL"
  | "SEASONAL"
  | "USER_BEHAVIOR"
  | "FREQUENTLY_BOUGHT_TOGETHER"
  | "NEW_ARRIVAL"
  | "BUY_AGAIN";

export interface Farm {
  id: string;
  name: string;
  latitude: number | null;
  longitude: number | null;
  region: string | null;
}

/** A product, with its farm inside. Times are RFC 3339 in UTC; a stock of null is not counted. */
export interface Product {
  id: string;
  name: string;
  farmId: string;
  farm: Farm;
  category: string;
  price: number;
  organic: boolean;
  stock: number | null;
  available: boolean;
  unit: string | null;
  createdAt: string | null;
  harvestedAt: string | null;
  availableFrom: string | null;
  availableUntil: string | null;
  imageUrl: string | null;
}

/** One product of an answer, with why it is there; score and confidence are 0 to 1. */
export interface Recommendation {
  product: Product;
  score: number;
  reason: Reason;
  reasons: Reason[];
  confidence: number;
  metadata: {
    contributions?: Record<string, { score: number; weight: number }>;
    coOccurrences?: number;
    totalOrders?: number;
    lift?: number;
    [name: string]: unknown;
  };
}

export interface Answer {
  recommendations: Recommendation[];
  algorithms: string[];
  timestamp: string;
  userId: string;
}

export interface Together {
  productId: string;
  recommendations: Recommendation[];
  count: number;
}

/** Some products, the one added first first; `next` is the `after` of the next page, null on the last. */
export interface Listing {
  products: Product[];
  next: string | null;
}

/** How many milliseconds half of the calls took at most, and 99 of 100. */
export interface Times {
  p50: number;
  p99: number;
}

/** What happened in about ten seconds, which were over at `until`. */
export interface Stretch {
  until: string;
  seconds: number;
  answers: number;
  answerTime: Times | null;
  actions: number;
  processingTime: Times | null;
  messages: number;
  connections: number;
}

export interface Statistics {
  events: {
    total: number;
    last24h: number;
    lastHour: number;
    byType?: Partial<Record<UserAction, number>>;
    debounced: number;
    averageProcessingTime: string;
    queueSize: number;
    isProcessing: boolean;
    handlers: { called: number; failed: number };
  };
  recommendations: {
    totalTriggered: number;
    failed: number;
    successRate: string;
    cacheHits: number;
    cacheMisses: number;
    impressions: number;
    clicks: number;
    conversions: number;
  };
  emails: { sent: number; failed: number };
  websockets: {
    totalConnections: number;
    activeConnections: number;
    averageConnectionDuration: string;
    subscriptionBreakdown?: Record<Topic, number>;
  };
  market: { farms: number; products: number; orders: number; shoppers: number };
  health: {
    status: "HEALTHY" | "DEGRADED";
    eventBacklog: number;
    isProcessing: boolean;
    websocketServer: "ONLINE" | "FULL";
  };
  history?: Stretch[];
  meta: {
    timestamp: string;
    uptime: number;
    pythonVersion: string;
    memoryUsage: { heapUsed: string; heapTotal: string };
  };
}

export interface PriceDrop {
  type: "PRICE_DROP_ALERT";
  productId: string;
  product: Product;
  oldPrice: number;
  newPrice: number;
  /** What this shopper saw it at, where they ever did. */
  lastSeenPrice?: number;
}

export interface BackInStock {
  type: "STOCK_ALERT";
  productId: string;
  product: Product;
  stock: number | null;
}

export interface NewArrivals {
  type: "NEW_ARRIVAL_ALERT";
  products: Product[];
}

/** What trends, best first, in an area, or in the whole market. */
export interface Trending {
  type: "TRENDING_UPDATE";
  products: Product[];
  area: { latitude: number; longitude: number; radiusKm: number } | null;
  local: boolean;
}

export type Alert = PriceDrop | BackInStock | NewArrivals | Trending;

/** What the server says, by its type. */
export interface Payloads {
  CONNECTION_ACK: {
    serverTime: string;
    userId: string;
    topics: Topic[];
    epoch: string;
    heartbeatInterval: number;
    resumed?: boolean;
  };
  SUBSCRIBED: { topics: Topic[]; resumed?: boolean };
  UNSUBSCRIBED: { topics: Topic[] };
  ACTION_ACK: Tracked;
  HEARTBEAT: { serverTime: string };
  ERROR: { error: string; code: string; field?: string; value?: unknown; allowed?: string };
  RECOMMENDATION_UPDATE: Answer;
  CART_RECOMMENDATION: Answer;
  /** With a topic it is the shopper's own list, which others changed; without one it follows an action. */
  PERSONALIZED_SUGGESTION: Answer & { topic?: "personalized" };
  PRICE_DROP_ALERT: PriceDrop;
  STOCK_ALERT: BackInStock;
  NEW_ARRIVAL_ALERT: NewArrivals;
  TRENDING_UPDATE: Trending;
}

export type MessageType = keyof Payloads;

export type Message<T extends MessageType = MessageType> = {
  [K in T]: { type: K; payload: Payloads[K]; timestamp: string; messageId: string; requestId?: string };
}[T];

/** Which alerts come: those that fit all that is given, and of a list any of its members. */
export interface Filter {
  productIds?: string[];
  farmIds?: string[];
  categories?: string[];
  relevance?: "mine";
}

/** A place in degrees, both or neither. */
export type Place = { latitude: number; longitude: number } | { latitude?: undefined; longitude?: undefined };

export type Narrowing = { filter?: Filter } & Place;

export type Options = {
  /** The server's address; the page's own unless it is given. */
  url?: string | URL;
  userId: string;
  topics?: Topic[];
  /** What is shown to the server: the token, or what gives it. */
  token?: string | null | (() => string | null | undefined | Promise<string | null | undefined>);
  /** Where actions wait: localStorage unless it is given, memory with null. */
  storage?: Storage | null;
  /** The last message that an earlier client saw; what came since is told first. */
  lastMessageId?: string;
} & Narrowing;

export interface ActionDetails {
  entityId?: string;
  entityType?: EntityType;
  metadata?: Record<string, unknown>;
  /** When it was done; now, unless it is given. */
  timestamp?: Date | string;
  /** The same id twice changes nothing; a new one, unless it is given. */
  eventId?: string;
}

/** An action as it waits in the outbox. */
export interface Action extends ActionDetails {
  action: UserAction;
  eventId: string;
}

export interface Tracked {
  eventId: string;
  duplicate: boolean;
}

export interface Page {
  pageType?: Context;
  productId?: string;
  category?: string;
  searchQuery?: string;
}

export type Query = {
  productId?: string;
  category?: string;
  limit?: number;
  excludeIds?: string[];
  searchQuery?: string;
  context?: Context | Page;
} & Place;

/** The server said no: `message` is its sentence, `field` the place in the input. */
export class Refused extends Error {
  readonly name: "Refused";
  readonly code: string;
  readonly status: number;
  readonly field: string | null;
  readonly value: unknown;
  readonly allowed: string | null;
}

/** No answer came. */
export class Unreachable extends Error {
  readonly name: "Unreachable";
}

/** A shopper's client. */
export class Punnet {
  constructor(options: Options);

  readonly userId: string;
  readonly state: State;
  readonly topics: Topic[];
  /** What carries the stream while it is live. */
  readonly transport: "websocket" | "sse" | null;
  /** How many actions the server does not have yet. */
  readonly pending: number;
  readonly lastMessageId: string;

  /** Open the stream; it comes back by itself. */
  connect(): this;
  /** End it, and leave what waits where it is; a later `connect` goes on. */
  close(): void;

  /** Call the listener from now on; gives the function that ends it. */
  on<T extends MessageType>(type: T, listener: (payload: Payloads[T], message: Message<T>) => void): () => void;
  on(type: "*", listener: (payload: Payloads[MessageType], message: Message) => void): () => void;
  on(type: "state", listener: (state: State) => void): () => void;
  on(type: "pending", listener: (count: number) => void): () => void;
  /** What was missed is no longer held: load the page's data anew. */
  on(type: "unresumed", listener: () => void): () => void;
  /**
   * The server does not want an action of the outbox, or, with null, the stream. Where it takes neither the token nor
   * the next one that `token` gives, the stream is closed; `connect` tries again.
   */
  on(type: "refused", listener: (error: Refused, action: Action | null) => void): () => void;

  /**
   * Show the server on the open stream the token that `token` gives now. It does so by itself half a minute before
   * the `exp` of a JWT. Resolves to the server's answer; to null where the stream had to begin anew for it.
   */
  refreshToken(): Promise<Message<"HEARTBEAT"> | null>;

  /** Resolves to all topics it then has. */
  subscribe(topics: Topic[], narrowing?: Narrowing): Promise<Topic[]>;
  /** Resolves to the topics that are left. */
  unsubscribe(topics: Topic[]): Promise<Topic[]>;

  /** Record what the shopper did: now, or once the server is there. Settles when the server has it, or refuses it. */
  track(action: UserAction, about?: ActionDetails): Promise<Tracked>;
  /** Record what the shopper did, now, and resolve to an answer that reflects it. */
  act(action: UserAction, about?: ActionDetails & { limit?: number; context?: Context | Page }): Promise<Answer>;

  recommend(query?: Query): Promise<Answer>;
  /** The same over the stream, where there is one. */
  request(query?: Query): Promise<Answer>;
  /** What is often bought together with a product. */
  together(productId: string, limit?: number): Promise<Together>;
  product(id: string): Promise<Product>;
  products(query?: { category?: string; after?: string; limit?: number }): Promise<Listing>;
  statistics(query?: { detailed?: boolean }): Promise<Statistics>;
}
