// pages/admin/recommendations-monitor.tsx
export function RecommendationsMonitor() {
  const [stats, setStats] = useState(null);
  const [refreshInterval, setRefreshInterval] = useState(5000);

  useEffect(() => {
    async function loadStats() {
      const response = await fetch('/api/recommendations/stats?detailed=true');
      const { data } = await response.json();
      setStats(data);
    }

    loadStats();
    const interval = setInterval(loadStats, refreshInterval);

    return () => clearInterval(interval);
  }, [refreshInterval]);

  if (!stats) return <Loading />;

  return (
    <div className="monitor-dashboard">
      <h1>Recommendation System Monitor</h1>

      <div className="health-status">
        <h2>System Health</h2>
        <StatusBadge status={stats.health.status} />
        <ul>
          <li>Event Backlog: {stats.health.eventBacklog}</li>
          <li>Processing: {stats.health.isProcessing ? '✅' : '❌'}</li>
          <li>WebSocket: {stats.health.websocketServer}</li>
        </ul>
      </div>

      <div className="metrics-grid">
        <MetricCard
          title="Total Events"
          value={stats.events.total.toLocaleString()}
          subtitle={`${stats.events.last24h} in last 24h`}
        />
        <MetricCard
          title="Active Connections"
          value={stats.websockets.activeConnections}
          subtitle={`${stats.websockets.averageConnectionDuration} avg duration`}
        />
        <MetricCard
          title="Recommendations"
          value={stats.recommendations.totalTriggered.toLocaleString()}
          subtitle={`${stats.recommendations.successRate} success rate`}
        />
        <MetricCard
          title="Processing Time"
          value={stats.events.averageProcessingTime}
          subtitle="Average"
        />
      </div>

      <div className="event-breakdown">
        <h2>Events by Type</h2>
        <BarChart data={stats.events.byType} />
      </div>

      <div className="subscription-breakdown">
        <h2>WebSocket Subscriptions</h2>
        <PieChart data={stats.websockets.subscriptionBreakdown} />
      </div>

      <div className="actions">
        <button onClick={resetStats}>Reset Statistics</button>
        <button onClick={clearQueue}>Clear Event Queue</button>
      </div>
    </div>
  );
}

async function resetStats() {
  await fetch('/api/recommendations/stats', {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify({
      adminKey: process.env.NEXT_PUBLIC_ADMIN_KEY,
      resetType: 'all'
    })
  });
}
