// Points in time as SQL literals give them: RFC 3339 (sql-and-subscriptions.md section 4.1).

const form =
  /^(\d{4})-(\d{2})-(\d{2})[Tt ](\d{2}):(\d{2}):(\d{2})(?:\.(\d+))?(?:[Zz]|([+-])(\d{2}):(\d{2}))$/;

const daysBeforeMonth = [0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334, 365];

function isLeapYear(year: number): boolean {
  return year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0);
}

function daysInMonth(year: number, month: number): number {
  if (month === 2 && isLeapYear(year)) return 29;
  return (daysBeforeMonth[month] as number) - (daysBeforeMonth[month - 1] as number);
}

/** Days from the first day of year 0 to the first day of `year`. */
function daysBeforeYear(year: number): number {
  const past = year - 1;
  const leapYears = Math.floor(past / 4) - Math.floor(past / 100) + Math.floor(past / 400);
  // The divisions count leap years from year 1 on and miss year 0, which is one.
  return year * 365 + leapYears + 1;
}

const epochDays = daysBeforeYear(1970);

function daysSinceEpoch(year: number, month: number, day: number): number {
  const leapDay = month > 2 && isLeapYear(year) ? 1 : 0;
  const dayOfYear = (daysBeforeMonth[month - 1] as number) + leapDay + day - 1;
  return daysBeforeYear(year) - epochDays + dayOfYear;
}

/**
 * Microseconds since the Unix epoch, or undefined if `text` is no RFC 3339 time. `T` or a space stands before the time, the
 * offset is required, what is finer than a microsecond is cut off. Second 60 is the first of the next minute.
 */
export function parseRfc3339(text: string): bigint | undefined {
  const found = form.exec(text);
  if (found === null) return undefined;
  const part = (group: number): number => Number(found[group] ?? "0");
  const [year, month, day] = [part(1), part(2), part(3)];
  const [hour, minute, second] = [part(4), part(5), part(6)];
  const [offsetHour, offsetMinute] = [part(9), part(10)];
  if (month < 1 || month > 12 || day < 1 || day > daysInMonth(year, month)) return undefined;
  if (hour > 23 || minute > 59 || second > 60) return undefined;
  if (offsetHour > 23 || offsetMinute > 59) return undefined;
  const offset = (offsetHour * 60 + offsetMinute) * (found[8] === "-" ? -1 : 1);
  const minutes = (daysSinceEpoch(year, month, day) * 24 + hour) * 60 + minute - offset;
  const micros = (found[7] ?? "").slice(0, 6).padEnd(6, "0");
  return BigInt(minutes * 60 + second) * 1_000_000n + BigInt(micros);
}
