// A page for test_react.py: two examples of the original description as they are written, and parts that show all of
// what the hook gives. `render` and `unmount` on the window are the test's.
import { StrictMode, useEffect } from 'react';
import { createRoot } from 'react-dom/client';
import { PunnetProvider, useRecommendations } from 'punnet/react';

import HomePage from '../snippets/home.tsx';
import ProductPage from '../snippets/product.tsx';

const renders = (window.renders = []);

function Viewed({ id, trackAction }) {
  // The effects of a child come before those of the part that has the hook.
  useEffect(() => {
    trackAction('VIEW_PRODUCT', id);
  }, [id, trackAction]);
  return null;
}

function Part({ name, topics, views, ...options }) {
  const hook = useRecommendations({ ...options, topics: topics && [...topics] });
  renders.push([options.userId, hook.recommendations.length, hook.alerts.length]);
  return (
    <section id={name}>
      <output>{hook.isConnected ? 'connected' : 'apart'}</output>
      <button onClick={hook.connect}>Connect</button>
      <button onClick={hook.disconnect}>Disconnect</button>
      <button onClick={() => hook.trackAction('ADD_TO_CART', 'rye')}>Add</button>
      <button onClick={() => hook.trackAction('SEARCH', undefined, { searchQuery: 'honey' })}>Search</button>
      <ol>
        {hook.recommendations.map(({ product }) => (
          <li key={product.id}>{product.id}</li>
        ))}
      </ol>
      <ul>
        {hook.alerts.map((alert, at) => (
          <li key={at}>
            {alert.type} {alert.productId ?? alert.products.map(({ id }) => id).join()}
          </li>
        ))}
      </ul>
      {views && <Viewed id={views} trackAction={hook.trackAction} />}
    </section>
  );
}

function Parts({ parts }) {
  return (
    <PunnetProvider url={location.origin} token={() => 'a token'}>
      {Object.entries(parts).map(([name, options]) => (
        <Part key={name} name={name} {...options} />
      ))}
    </PunnetProvider>
  );
}

const PAGES = { product: ProductPage, home: HomePage, parts: Parts };
let root;

window.render = (page, options, isStrict) => {
  root ??= createRoot(document.getElementById('root'));
  const Page = PAGES[page];
  const shown = <Page {...options} />;
  root.render(isStrict ? <StrictMode>{shown}</StrictMode> : shown);
};

window.unmount = () => {
  root.unmount();
  root = undefined;
};
