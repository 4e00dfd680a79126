-- Cases by day, age and sex, with every total; a case is one person and one row.
SELECT
  day,
  age_band,
  sex,
  COUNT(*) AS people
FROM cases
GROUP BY
  ROLLUP (day),
  ROLLUP (age_band),
  ROLLUP (sex)
