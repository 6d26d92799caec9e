async function getFrequentlyBoughtTogether(productId: string) {
  const response = await fetch(
    `/api/recommendations/frequently-bought-together?productId=${productId}&limit=4`
  );
  const { data } = await response.json();
  return data.recommendations;
}
