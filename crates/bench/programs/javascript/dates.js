// Seed 001 §2.3: two dates, each written out by the locale's rules.
async function main({ start_date_str, end_date_str }) {
  const start = new Date(start_date_str);
  const end = new Date(end_date_str);
  const diffMs = end - start;
  const formatDate = (date) =>
    date.toLocaleDateString('en-US', { year: 'numeric', month: 'long', day: 'numeric', weekday: 'long' });
  return {
    start_formatted: formatDate(start),
    end_formatted: formatDate(end),
    duration_days: Math.floor(diffMs / 86_400_000),
    is_same_month: start.getMonth() === end.getMonth(),
  };
}
