-- How many persons had an illness of each group, by their age when it began.
SELECT
  CASE
    WHEN age < 20 THEN '0-19'
    WHEN age < 40 THEN '20-39'
    WHEN age < 60 THEN '40-59'
    ELSE '60+'
  END AS age_band,
  groups.group_id AS illness,
  COUNT(DISTINCT conditions.patient) AS persons
FROM conditions
JOIN "condition-groups" AS groups ON groups.code = conditions.condition
GROUP BY
  ROLLUP (1),
  ROLLUP (groups.group_id)
