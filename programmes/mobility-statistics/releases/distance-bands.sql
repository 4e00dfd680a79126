-- How many device-days fall into each band of distance, before the order and since.
SELECT
  CASE WHEN day < DATE '2020-03-25' THEN 'before' ELSE 'since' END AS span,
  CASE
    WHEN distance_km < 0.5 THEN '1 under 0.5'
    WHEN distance_km < 2 THEN '2 to 2'
    WHEN distance_km < 5 THEN '3 to 5'
    WHEN distance_km < 20 THEN '4 to 20'
    ELSE '5 over 20'
  END AS band,
  COUNT(*) AS device_days
FROM "device-days"
WHERE day <= DATE '2020-04-30'
GROUP BY ROLLUP (span, band)
