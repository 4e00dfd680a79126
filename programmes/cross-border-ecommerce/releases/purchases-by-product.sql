-- Value delivered of each sub-class, within its product group, by year; all totals.
SELECT
  deliveries.product_group AS product_group,
  deliveries.sub_class AS sub_class,
  deliveries.delivered_year AS delivery_year,
  SUM(deliveries.value_usd) AS value
FROM deliveries
WHERE deliveries.vendor <> 'SCMS from RDC'
GROUP BY
  ROLLUP (deliveries.product_group, deliveries.sub_class),
  ROLLUP (deliveries.delivered_year)
