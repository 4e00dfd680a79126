-- The middle of the ages at which illnesses of each group began.
SELECT
  groups.group_id AS illness,
  MEDIAN(conditions.age) AS middle_age
FROM conditions
JOIN "condition-groups" AS groups ON groups.code = conditions.condition
GROUP BY ROLLUP (groups.group_id)
