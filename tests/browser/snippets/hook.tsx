// useRecommendations.ts
import { useEffect, useState, useCallback } from 'react';

interface UseRecommendationsOptions {
  userId: string;
  topics?: string[];
  autoConnect?: boolean;
}

export function useRecommendations({
  userId,
  topics = ['price_drops', 'personalized'],
  autoConnect = true
}: UseRecommendationsOptions) {
  const [ws, setWs] = useState<WebSocket | null>(null);
  const [isConnected, setIsConnected] = useState(false);
  const [recommendations, setRecommendations] = useState([]);
  const [alerts, setAlerts] = useState([]);

  const connect = useCallback(() => {
    const websocket = new WebSocket(
      `wss://api.example.com/ws/recommendations?userId=${userId}`
    );

    websocket.onopen = () => {
      setIsConnected(true);
      websocket.send(JSON.stringify({
        type: 'SUBSCRIBE',
        payload: { topics }
      }));
    };

    websocket.onmessage = (event) => {
      const message = JSON.parse(event.data);

      switch (message.type) {
        case 'RECOMMENDATION_UPDATE':
          setRecommendations(message.payload.recommendations);
          break;
        case 'PRICE_DROP_ALERT':
        case 'STOCK_ALERT':
          setAlerts(prev => [...prev, message.payload]);
          break;
      }
    };

    websocket.onclose = () => {
      setIsConnected(false);
      // Auto-reconnect after 5 seconds
      setTimeout(connect, 5000);
    };

    setWs(websocket);
  }, [userId, topics]);

  const trackAction = useCallback((action: string, entityId?: string) => {
    if (ws && isConnected) {
      ws.send(JSON.stringify({
        type: 'USER_ACTION',
        payload: { type: action, entityId }
      }));
    }
  }, [ws, isConnected]);

  useEffect(() => {
    if (autoConnect) {
      connect();
    }
    return () => {
      if (ws) {
        ws.close();
      }
    };
  }, [autoConnect, connect]);

  return {
    isConnected,
    recommendations,
    alerts,
    trackAction,
    connect,
    disconnect: () => ws?.close()
  };
}

// Usage in component
function ProductPage({ productId }) {
  const { recommendations, trackAction, isConnected } = useRecommendations({
    userId: 'user123',
    topics: ['personalized', 'price_drops']
  });

  useEffect(() => {
    trackAction('VIEW_PRODUCT', productId);
  }, [productId, trackAction]);

  return (
    <div>
      <h2>Similar Products</h2>
      {recommendations.map(rec => (
        <ProductCard key={rec.product.id} product={rec.product} />
      ))}
    </div>
  );
}
