-- The middle of the distances, day by day and over all days; on 20 April nothing was observed.
SELECT day, MEDIAN(distance_km) AS middle_km
FROM "device-days"
WHERE day <> DATE '2020-04-20'
GROUP BY ROLLUP (day)
