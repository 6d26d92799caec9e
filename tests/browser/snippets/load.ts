// API call approach
async function loadRecommendations(productId: string) {
  const response = await fetch(
    `/api/recommendations?userId=user123&productId=${productId}&limit=8&context=PRODUCT_DETAIL`
  );
  const { data } = await response.json();
  return data.recommendations;
}
