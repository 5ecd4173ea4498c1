// Points and spans of time as text: microseconds to calendar fields, without a Date, which holds fewer years.

const microsPerDay = 86_400_000_000n;

/** Microseconds from PostgreSQL's epoch, the first day of 2000, back to the Unix epoch. */
export const postgresEpochMicros = 946_684_800_000_000n;

function two(value: number): string {
  return value < 10 ? `0${value}` : String(value);
}

/** The digits behind the point, without zeros at the end; empty for whole seconds. */
function fraction(micros: number): string {
  return micros === 0 ? "" : `.${String(micros).padStart(6, "0").replace(/0+$/, "")}`;
}

interface CalendarDate {
  readonly year: number;
  readonly month: number;
  readonly day: number;
}

/** The date of a day counted from the Unix epoch, in the Gregorian calendar; year 0 is 1 BC. */
function dateOfDay(dayNumber: number): CalendarDate {
  // Eras of 400 years whose years begin in March, so that leap days come last.
  const shifted = dayNumber + 719_468;
  const era = Math.floor(shifted / 146_097);
  const dayOfEra = shifted - era * 146_097;
  const yearOfEra = Math.floor(
    (dayOfEra -
      Math.floor(dayOfEra / 1460) +
      Math.floor(dayOfEra / 36_524) -
      Math.floor(dayOfEra / 146_096)) /
      365,
  );
  const dayOfYear =
    dayOfEra - (365 * yearOfEra + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100));
  const monthFromMarch = Math.floor((5 * dayOfYear + 2) / 153);
  const day = dayOfYear - Math.floor((153 * monthFromMarch + 2) / 5) + 1;
  const month = monthFromMarch < 10 ? monthFromMarch + 3 : monthFromMarch - 9;
  return { year: yearOfEra + era * 400 + (month <= 2 ? 1 : 0), month, day };
}

/**
 * A Timestamp in the form of RFC 3339 that has a space between date and time, in UTC: clients of PostgreSQL read no other. Years
 * before the first end in BC.
 */
export function timestampText(micros: bigint): string {
  let dayNumber = micros / microsPerDay;
  let rest = micros % microsPerDay;
  if (rest < 0n) {
    rest += microsPerDay;
    dayNumber -= 1n;
  }
  const { year, month, day } = dateOfDay(Number(dayNumber));
  const left = Number(rest);
  const seconds = Math.floor(left / 1_000_000);
  const hour = Math.floor(seconds / 3600);
  const minute = Math.floor(seconds / 60) % 60;
  const date = `${String(year > 0 ? year : 1 - year).padStart(4, "0")}-${two(month)}-${two(day)}`;
  const time = `${two(hour)}:${two(minute)}:${two(seconds % 60)}${fraction(left % 1_000_000)}`;
  return `${date} ${time}+00:00${year > 0 ? "" : " BC"}`;
}

/** A TimeDuration by ISO 8601, in hours, minutes and seconds; each part of a negative one has a sign. */
export function durationText(micros: bigint): string {
  const sign = micros < 0n ? "-" : "";
  const size = micros < 0n ? -micros : micros;
  const hours = size / 3_600_000_000n;
  const rest = Number(size % 3_600_000_000n);
  const minutes = Math.floor(rest / 60_000_000);
  const seconds = Math.floor(rest / 1_000_000) % 60;
  const decimals = fraction(rest % 1_000_000);
  let text = "PT";
  if (hours > 0n) text += `${sign}${hours}H`;
  if (minutes > 0) text += `${sign}${minutes}M`;
  if (seconds > 0 || decimals !== "" || text === "PT") text += `${sign}${seconds}${decimals}S`;
  return text;
}

const isoDuration =
  /^(-?)P(?:(-?\d{1,12})D)?(?:T(?:(-?\d{1,12})H)?(?:(-?\d{1,12})M)?(?:(-?)(\d{1,12})(?:\.(\d{1,6})\d*)?S)?)?$/;
const clockDuration =
  /^(-?)(?:(\d{1,9}) days? ?)?(?:(-?)(\d{1,10}):(\d{2})(?::(\d{2})(?:\.(\d{1,6})\d*)?)?)?$/;

function microsOf(hours: bigint, minutes: bigint, seconds: bigint, decimals: string): bigint {
  const whole = (hours * 60n + minutes) * 60n + seconds;
  return whole * 1_000_000n + BigInt(decimals.padEnd(6, "0"));
}

/** Microseconds of a span as ISO 8601 or as PostgreSQL writes it (`1 day 02:03:04.5`), or undefined for anything else. */
export function parseDuration(text: string): bigint | undefined {
  const iso = isoDuration.exec(text);
  if (iso !== null && /\d/.test(text)) {
    const [
      ,
      sign,
      days = "0",
      hours = "0",
      minutes = "0",
      secondSign,
      seconds = "0",
      decimals = "",
    ] = iso;
    const parts = microsOf(BigInt(days) * 24n + BigInt(hours), BigInt(minutes), 0n, "");
    const tail = microsOf(0n, 0n, BigInt(seconds), decimals);
    const total = parts + (secondSign === "-" ? -tail : tail);
    return sign === "-" ? -total : total;
  }
  const clock = clockDuration.exec(text);
  if (clock === null || !/\d/.test(text)) return undefined;
  const [, daySign, days = "0", sign, hours = "0", minutes = "0", seconds = "0", decimals = ""] =
    clock;
  const time = microsOf(BigInt(hours), BigInt(minutes), BigInt(seconds), decimals);
  const day = microsOf(BigInt(days) * 24n, 0n, 0n, "");
  // Without days the sign that comes first is that of the time.
  if (clock[2] === undefined) return daySign === "-" ? -time : time;
  return (daySign === "-" ? -day : day) + (sign === "-" ? -time : time);
}
