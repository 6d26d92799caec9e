// Frontend: pages/products/[id].tsx
import { useEffect, useState } from 'react';
import { useRecommendations } from '@/hooks/useRecommendations';

export default function ProductPage({ product }) {
  const { recommendations, trackAction, isConnected } = useRecommendations({
    userId: 'user123',
    topics: ['personalized', 'price_drops']
  });

  useEffect(() => {
    // Track product view
    trackAction('VIEW_PRODUCT', product.id);
  }, [product.id, trackAction]);

  return (
    <div>
      <ProductDetails product={product} />
      
      <section className="recommendations">
        <h2>You Might Also Like</h2>
        <div className="grid">
          {recommendations.map(rec => (
            <ProductCard
              key={rec.product.id}
              product={rec.product}
              score={rec.score}
              reason={rec.reason}
            />
          ))}
        </div>
      </section>
    </div>
  );
}
