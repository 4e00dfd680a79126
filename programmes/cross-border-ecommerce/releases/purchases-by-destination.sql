-- Value delivered to each destination country, within its sub-region, by year; all totals.
SELECT
  countries.sub_region AS sub_region,
  countries.country AS country,
  deliveries.delivered_year AS delivery_year,
  SUM(deliveries.value_usd) AS value
FROM deliveries
JOIN countries ON countries.iso2 = deliveries.destination_iso2
WHERE deliveries.vendor <> 'SCMS from RDC'
GROUP BY
  ROLLUP (countries.sub_region, countries.country),
  ROLLUP (deliveries.delivered_year)
