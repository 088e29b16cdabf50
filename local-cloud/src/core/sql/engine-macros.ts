/**
 * `ts_double_text(x)`: a double as Java writes it, which is how the query language casts doubles to text: digits from
 * 0.001 to 10 million, else one digit, point, digits and exponent (`1.0E7`, Java SE, Double.toString). The engine gives
 * the shortest digits that stand for the value; here they are only laid out anew.
 */
const DOUBLE_TEXT = `
CREATE OR REPLACE MACRO ts_scientific_text(digits, exponent) AS
  digits[1] || '.' || CASE WHEN length(digits) > 1 THEN substr(digits, 2) ELSE '0' END || 'E' || CAST(exponent AS VARCHAR);

CREATE OR REPLACE MACRO ts_magnitude_text(t) AS CASE
  WHEN contains(t, 'e') THEN ts_scientific_text(
    rtrim(replace(split_part(t, 'e', 1), '.', ''), '0'), CAST(split_part(t, 'e', 2) AS INTEGER))
  WHEN t[1] = '0' THEN ts_scientific_text(
    ltrim(split_part(t, '.', 2), '0'),
    length(ltrim(split_part(t, '.', 2), '0')) - length(split_part(t, '.', 2)) - 1)
  ELSE ts_scientific_text(rtrim(replace(t, '.', ''), '0'), length(split_part(t, '.', 1)) - 1)
END;

CREATE OR REPLACE MACRO ts_double_text(x) AS CASE
  WHEN x IS NULL THEN NULL
  WHEN isnan(x) THEN 'NaN'
  WHEN isinf(x) THEN CASE WHEN x > 0 THEN 'Infinity' ELSE '-Infinity' END
  WHEN x = 0 OR (abs(x) >= 1e-3::DOUBLE AND abs(x) < 1e7::DOUBLE) THEN CAST(x AS VARCHAR)
  ELSE CASE WHEN x < 0 THEN '-' ELSE '' END || ts_magnitude_text(CAST(abs(x) AS VARCHAR))
END;`;

/**
 * What compiled queries call by name. `ts_timestamp_text(x)` and `ts_time_text(x)` write times with as many digits of a
 * second as the query language's timestamps have.
 */
export function engineMacros(fraction: 'milliseconds' | 'nanoseconds'): string {
  const digits = fraction === 'milliseconds' ? '%g' : '%n';
  return `${DOUBLE_TEXT}
CREATE OR REPLACE MACRO ts_timestamp_text(x) AS strftime(make_timestamp_ns(x), '%Y-%m-%d %H:%M:%S.${digits}');
CREATE OR REPLACE MACRO ts_time_text(x) AS strftime(make_timestamp_ns(x), '%H:%M:%S.${digits}');`;
}
