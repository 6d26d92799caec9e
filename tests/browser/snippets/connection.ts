// Initialize WebSocket connection
const ws = new WebSocket(`wss://api.example.com/ws/recommendations?userId=user123`);

// Connection opened
ws.onopen = () => {
  console.log('Connected to recommendation stream');
  
  // Subscribe to topics
  ws.send(JSON.stringify({
    type: 'SUBSCRIBE',
    payload: {
      topics: ['price_drops', 'stock_alerts', 'trending', 'personalized']
    }
  }));
};

// Receive messages
ws.onmessage = (event) => {
  const message = JSON.parse(event.data);
  
  switch (message.type) {
    case 'CONNECTION_ACK':
      console.log('Connection acknowledged:', message.payload);
      break;
      
    case 'RECOMMENDATION_UPDATE':
      displayRecommendations(message.payload.recommendations);
      break;
      
    case 'PRICE_DROP_ALERT':
      showPriceDropNotification(message.payload);
      break;
      
    case 'STOCK_ALERT':
      showStockAlert(message.payload);
      break;
      
    case 'TRENDING_UPDATE':
      updateTrendingSection(message.payload.products);
      break;
      
    case 'NEW_ARRIVAL_ALERT':
      showNewArrivalNotification(message.payload.products);
      break;
      
    case 'CART_RECOMMENDATION':
      displayCartSuggestions(message.payload.recommendations);
      break;
      
    case 'HEARTBEAT':
      // Connection is alive
      console.log('Heartbeat received');
      break;
      
    case 'ERROR':
      console.error('WebSocket error:', message.payload.error);
      break;
  }
};

// Connection closed
ws.onclose = (event) => {
  console.log('Connection closed:', event.code, event.reason);
  
  // Implement reconnection logic
  setTimeout(() => {
    reconnect();
  }, 5000);
};

// Error handler
ws.onerror = (error) => {
  console.error('WebSocket error:', error);
};

// Send user action
function trackAction(action, entityId) {
  ws.send(JSON.stringify({
    type: 'USER_ACTION',
    payload: {
      type: action,
      entityId: entityId,
      timestamp: new Date().toISOString()
    }
  }));
}

// Request recommendations
function requestRecommendations(productId) {
  ws.send(JSON.stringify({
    type: 'REQUEST_RECOMMENDATIONS',
    payload: {
      productId: productId,
      limit: 10,
      context: { pageType: 'PRODUCT_DETAIL' }
    }
  }));
}

// Unsubscribe from topics
function unsubscribe(topics) {
  ws.send(JSON.stringify({
    type: 'UNSUBSCRIBE',
    payload: { topics }
  }));
}
