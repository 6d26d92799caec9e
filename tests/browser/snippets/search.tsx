// pages/search.tsx
export function SearchResults({ query, results }) {
  const [recommendations, setRecommendations] = useState([]);

  useEffect(() => {
    async function trackSearchAndGetRecs() {
      const response = await fetch('/api/recommendations', {
        method: 'POST',
        headers: { 'Content-Type': 'application/json' },
        body: JSON.stringify({
          userId: 'user123',
          action: 'SEARCH',
          metadata: {
            searchQuery: query,
            resultsCount: results.length
          },
          getRecommendations: true,
          limit: 6,
          context: { pageType: 'SEARCH', searchQuery: query }
        })
      });

      const { data } = await response.json();
      setRecommendations(data.recommendations.recommendations);
    }

    trackSearchAndGetRecs();
  }, [query, results]);

  return (
    <div>
      <h1>Search Results for "{query}"</h1>
      <p>{results.length} products found</p>

      <div className="results-grid">
        {results.map(product => (
          <ProductCard key={product.id} product={product} />
        ))}
      </div>

      {recommendations.length > 0 && (
        <aside className="related-recommendations">
          <h2>You Might Be Interested In</h2>
          <div className="recommendations-grid">
            {recommendations.map(rec => (
              <ProductCard key={rec.product.id} product={rec.product} />
            ))}
          </div>
        </aside>
      )}
    </div>
  );
}
