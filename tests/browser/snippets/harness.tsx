// What the snippets of the original description leave undefined, as small as it can be: esbuild puts a name from
// here wherever a snippet uses one that it does not define. `calls` on the window tells what was called, with what.
import { createRoot } from 'react-dom/client';

export { StrictMode, useEffect, useState } from 'react';
export { useRecommendations } from '@/hooks/useRecommendations';

const calls = [];

function noted(name, then = () => {}) {
  return (...given) => {
    calls.push([name, ...given]);
    then(...given);
  };
}

export const displayRecommendations = noted('displayRecommendations');
export const displayCartSuggestions = noted('displayCartSuggestions');
export const showPriceDropNotification = noted('showPriceDropNotification');
export const showStockAlert = noted('showStockAlert');
export const updateTrendingSection = noted('updateTrendingSection');
export const showNewArrivalNotification = noted('showNewArrivalNotification');
export const reconnect = noted('reconnect');
export const addToCart = noted('addToCart');
export const clearQueue = noted('clearQueue');

console.log = noted('console.log', console.log);
console.error = noted('console.error', console.error);

// Let the test use what a snippet declares.
export function expose(names) {
  Object.assign(window, names);
}

expose({ calls });

// Note every message of a socket under its type, those too that the snippet has no case for.
export function overhear(socket) {
  socket.addEventListener('message', (event) => {
    const { type, payload } = JSON.parse(event.data);
    calls.push([type, payload]);
  });
}

export function show(element) {
  createRoot(document.getElementById('root')).render(element);
}

export const Hero = () => <header>Hero</header>;
export const Loading = () => <p>Loading</p>;
export const ProductDetails = ({ product }) => <h1>{product.name}</h1>;
export const CartItem = ({ item }) => <p className="item">{item.productId}</p>;

export const ProductCard = ({ product, score, reason }) => (
  <article data-id={product.id} data-score={score} data-reason={reason}>
    {product.name} of {product.farm?.name}: {product.price}
  </article>
);

export const SuggestionCard = ({ product, onAdd }) => (
  <article data-id={product.id}>
    {product.name} <button onClick={onAdd}>Add</button>
  </article>
);

export const PriceDropCard = ({ alert }) => <article data-id={alert.productId}>{JSON.stringify(alert)}</article>;

export const ProductGrid = ({ products }) => (
  <div>
    {products.map((rec) => (
      <ProductCard key={rec.product.id} {...rec} />
    ))}
  </div>
);

export const ProductCarousel = ProductGrid;

export const StatusBadge = ({ status }) => <strong>{status}</strong>;

export const MetricCard = ({ title, value, subtitle }) => (
  <section className="metric">
    <h3>{title}</h3>
    <b>{value}</b> <small>{subtitle}</small>
  </section>
);

export const BarChart = ({ data }) => (
  <ul>
    {Object.entries(data).map(([name, count]) => (
      <li key={name}>
        {name}: {count}
      </li>
    ))}
  </ul>
);

export const PieChart = BarChart;
