// components/ShoppingCart.tsx
import { useEffect } from 'react';

export function ShoppingCart({ cartItems, userId }) {
  const [suggestions, setSuggestions] = useState([]);

  useEffect(() => {
    // Track add to cart
    async function trackAndGetSuggestions() {
      const lastItem = cartItems[cartItems.length - 1];
      
      // Track action and get recommendations
      const response = await fetch('/api/recommendations', {
        method: 'POST',
        headers: { 'Content-Type': 'application/json' },
        body: JSON.stringify({
          userId,
          action: 'ADD_TO_CART',
          entityId: lastItem.productId,
          entityType: 'PRODUCT',
          getRecommendations: true,
          limit: 4
        })
      });

      const { data } = await response.json();
      setSuggestions(data.recommendations.recommendations);
    }

    if (cartItems.length > 0) {
      trackAndGetSuggestions();
    }
  }, [cartItems, userId]);

  return (
    <div className="cart">
      <h2>Shopping Cart ({cartItems.length})</h2>
      
      {cartItems.map(item => (
        <CartItem key={item.id} item={item} />
      ))}

      {suggestions.length > 0 && (
        <aside className="cart-suggestions">
          <h3>Complete Your Order</h3>
          <p>Customers who bought these items also bought:</p>
          <div className="suggestions-grid">
            {suggestions.map(rec => (
              <SuggestionCard
                key={rec.product.id}
                product={rec.product}
                onAdd={() => addToCart(rec.product)}
              />
            ))}
          </div>
        </aside>
      )}
    </div>
  );
}
