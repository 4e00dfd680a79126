-- How many persons had how many visits and stays in 2020: first each person's own number, then its histogram.
WITH people AS (
  SELECT patient, COUNT(*) AS visits
  FROM encounters
  WHERE year = 2020
  GROUP BY patient
)
SELECT
  CASE
    WHEN visits = 1 THEN '1'
    WHEN visits <= 3 THEN '2 to 3'
    WHEN visits <= 6 THEN '4 to 6'
    WHEN visits <= 10 THEN '7 to 10'
    ELSE 'over 10'
  END AS number,
  COUNT(*) AS persons
FROM people
GROUP BY ROLLUP (1)
