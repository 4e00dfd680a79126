-- How many customers bought, by their country; one with two countries counts in one of them.
WITH buyers AS (
  SELECT
    sold.customer_id AS customer,
    MAX(places.country) AS country
  FROM "online-retail" AS sold
  JOIN "retail-countries" AS places ON places.recorded = sold.country
  WHERE NOT sold.cancelled
  GROUP BY sold.customer_id
)
SELECT country, COUNT(*) AS customers
FROM buyers
GROUP BY ROLLUP (country)
