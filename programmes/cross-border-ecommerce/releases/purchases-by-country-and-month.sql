-- What customers bought, by their country and by month; a line counts 0 to 1,000 pounds.
SELECT
  places.country AS country,
  DATE_TRUNC('month', sold.invoiced_at) AS month,
  SUM(LEAST(GREATEST(sold.quantity * sold.unit_price_gbp, 0), 1000)) AS value
FROM "online-retail" AS sold
JOIN "retail-countries" AS places ON places.recorded = sold.country
GROUP BY
  ROLLUP (places.country),
  ROLLUP (DATE_TRUNC('month', sold.invoiced_at))
