-- How many customers bought, by their country and by month.
SELECT
  places.country AS country,
  DATE_TRUNC('month', sold.invoiced_at) AS month,
  COUNT(DISTINCT sold.customer_id) AS customers
FROM "online-retail" AS sold
JOIN "retail-countries" AS places ON places.recorded = sold.country
WHERE NOT sold.cancelled
GROUP BY
  ROLLUP (places.country),
  ROLLUP (DATE_TRUNC('month', sold.invoiced_at))
