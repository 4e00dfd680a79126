-- The mean over persons of their own number of visits and stays in 2020; more than 30 count as 30.
WITH people AS (
  SELECT patient, sex, COUNT(*) AS visits
  FROM encounters
  WHERE year = 2020
  GROUP BY patient, sex
)
SELECT
  sex,
  AVG(LEAST(visits, 30)) AS mean_visits
FROM people
WHERE sex IN ('female', 'male')
GROUP BY ROLLUP (sex)
