// pages/index.tsx
export default function HomePage({ userId }) {
  const { recommendations, alerts } = useRecommendations({
    userId,
    topics: ['personalized', 'trending', 'new_arrivals', 'price_drops'],
    autoConnect: true
  });

  const [sections, setSections] = useState({
    forYou: [],
    trending: [],
    newArrivals: [],
    priceDrops: []
  });

  // Fetch initial recommendations
  useEffect(() => {
    async function loadHomeRecommendations() {
      const response = await fetch(
        `/api/recommendations?userId=${userId}&limit=20&context=HOME`
      );
      const { data } = await response.json();

      // Organize by recommendation reason
      const organized = data.recommendations.reduce((acc, rec) => {
        switch (rec.reason) {
          case 'USER_BEHAVIOR':
          case 'SIMILAR_PRODUCTS':
            acc.forYou.push(rec);
            break;
          case 'TRENDING_LOCAL':
            acc.trending.push(rec);
            break;
          case 'NEW_ARRIVAL':
            acc.newArrivals.push(rec);
            break;
        }
        return acc;
      }, { forYou: [], trending: [], newArrivals: [] });

      setSections(organized);
    }

    loadHomeRecommendations();
  }, [userId]);

  // Handle real-time price drop alerts
  useEffect(() => {
    setSections(prev => ({
      ...prev,
      priceDrops: alerts.filter(a => a.type === 'PRICE_DROP_ALERT')
    }));
  }, [alerts]);

  return (
    <div className="home">
      <Hero />

      {sections.priceDrops.length > 0 && (
        <section className="price-drops">
          <h2>Price Drops</h2>
          {sections.priceDrops.map(alert => (
            <PriceDropCard key={alert.productId} alert={alert} />
          ))}
        </section>
      )}

      <section className="for-you">
        <h2>Recommended For You</h2>
        <ProductCarousel products={sections.forYou} />
      </section>

      <section className="trending">
        <h2>Trending Now</h2>
        <ProductGrid products={sections.trending} />
      </section>

      <section className="new-arrivals">
        <h2>New Arrivals From Your Favorite Farms</h2>
        <ProductCarousel products={sections.newArrivals} />
      </section>
    </div>
  );
}
