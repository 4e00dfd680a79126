-- Volume by kind, two hours of the day and month, with all totals.
SELECT
  returns.category AS category,
  returns.two_hours AS two_hours,
  returns.month AS month,
  SUM(returns.volume_gbit) AS volume
FROM "exchange-outflow-returns" AS returns
GROUP BY
  ROLLUP (returns.category),
  ROLLUP (returns.two_hours),
  ROLLUP (returns.month)
