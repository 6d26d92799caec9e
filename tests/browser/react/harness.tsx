// What the examples leave undefined, as in snippets/harness.tsx, but for the state of the home page: the example puts a
// state in place that has no `priceDrops`, so its setter keeps what a new state leaves out.
import { useCallback, useState as useWhole } from 'react';

export {
  Hero,
  PriceDropCard,
  ProductCard,
  ProductCarousel,
  ProductDetails,
  ProductGrid,
  useEffect,
  useRecommendations,
} from '../snippets/harness.tsx';

export function useState(initial) {
  const [state, setWhole] = useWhole(initial);
  const merge = useCallback((next) => {
    setWhole((last) => ({ ...last, ...(typeof next === 'function' ? next(last) : next) }));
  }, []);
  return [state, merge];
}
