// Times as text (RFC 3339), by the proleptic Gregorian calendar. The algorithms for days are those of
// Howard Hinnant, "chrono-compatible low-level date algorithms" (public domain): years begin in March,
// so that the day a leap year has more is its last.

const microsOfDay: i64 = 86_400_000_000;

/** The text of a time; years beyond 0 to 9999, which the standard does not know, get a sign. */
export function formatRfc3339(micros: i64): string {
  let days = micros / microsOfDay;
  let rest = micros % microsOfDay;
  if (rest < 0) {
    rest += microsOfDay;
    days--;
  }
  const shifted = days + 719468;
  const era = (shifted >= 0 ? shifted : shifted - 146096) / 146097;
  const dayOfEra = shifted - era * 146097;
  const yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36524 - dayOfEra / 146096) / 365;
  const dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100);
  const monthFromMarch = (5 * dayOfYear + 2) / 153;
  const day = dayOfYear - (153 * monthFromMarch + 2) / 5 + 1;
  const month = monthFromMarch < 10 ? monthFromMarch + 3 : monthFromMarch - 9;
  const year = yearOfEra + era * 400 + i64(month <= 2);
  const date = yearText(year) + "-" + pad(month, 2) + "-" + pad(day, 2);
  const seconds = rest / 1_000_000;
  const time =
    pad(seconds / 3600, 2) + ":" + pad((seconds / 60) % 60, 2) + ":" + pad(seconds % 60, 2);
  return date + "T" + time + fractionText(rest % 1_000_000) + "+00:00";
}

function yearText(year: i64): string {
  if (year >= 0 && year <= 9999) return pad(year, 4);
  return year < 0 ? "-" + pad(-year, 4) : "+" + pad(year, 5);
}

function fractionText(micros: i64): string {
  if (micros == 0) return "";
  return "." + (micros % 1000 == 0 ? pad(micros / 1000, 3) : pad(micros, 6));
}

function pad(value: i64, digits: i32): string {
  return value.toString().padStart(digits, "0");
}

/** Whether a text is a time of RFC 3339. */
export function isRfc3339(text: string): bool {
  if (text.length < 20 || !matches(text, 0, "0000-00-00T00:00:00")) return false;
  const year = numberAt(text, 0, 4);
  const month = numberAt(text, 5, 2);
  const day = numberAt(text, 8, 2);
  if (month < 1 || month > 12 || day < 1 || day > daysOfMonth(year, month)) return false;
  if (numberAt(text, 11, 2) > 23 || numberAt(text, 14, 2) > 59) return false;
  if (numberAt(text, 17, 2) > 59) return false;
  const zone = endOfFraction(text);
  if (zone == 20) return false;
  const mark = text.charCodeAt(zone);
  if (mark == 0x5a || mark == 0x7a) return text.length == zone + 1;
  if (mark != 0x2b && mark != 0x2d) return false;
  if (text.length != zone + 6 || !matches(text, zone + 1, "00:00")) return false;
  return numberAt(text, zone + 1, 2) <= 23 && numberAt(text, zone + 4, 2) <= 59;
}

/** The microseconds of a text that isRfc3339 accepted. */
export function parseRfc3339(text: string): i64 {
  const days = daysFromDate(numberAt(text, 0, 4), numberAt(text, 5, 2), numberAt(text, 8, 2));
  let seconds = days * 86_400 + numberAt(text, 11, 2) * 3600;
  seconds += numberAt(text, 14, 2) * 60 + numberAt(text, 17, 2);
  const zone = endOfFraction(text);
  let micros: i64 = 0;
  for (let i = 0; i < 6; i++) {
    const at = 20 + i;
    micros = micros * 10 + (at < zone ? text.charCodeAt(at) - 0x30 : 0);
  }
  const mark = text.charCodeAt(zone);
  if (mark == 0x2b || mark == 0x2d) {
    const offset = numberAt(text, zone + 1, 2) * 3600 + numberAt(text, zone + 4, 2) * 60;
    seconds += mark == 0x2b ? -offset : offset;
  }
  return seconds * 1_000_000 + micros;
}

function daysFromDate(year: i64, month: i64, day: i64): i64 {
  const shifted = year - i64(month <= 2);
  const era = (shifted >= 0 ? shifted : shifted - 399) / 400;
  const yearOfEra = shifted - era * 400;
  const dayOfYear = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1;
  const dayOfEra = yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear;
  return era * 146097 + dayOfEra - 719468;
}

function daysOfMonth(year: i64, month: i64): i64 {
  if (month == 2) return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) ? 29 : 28;
  return month == 4 || month == 6 || month == 9 || month == 11 ? 30 : 31;
}

/** Where the zone begins: at 19, or behind a point and its digits; 20 for a point without digits. */
function endOfFraction(text: string): i32 {
  if (text.charCodeAt(19) != 0x2e) return 19;
  let at = 20;
  while (at < text.length && isDigit(text.charCodeAt(at))) at++;
  return at;
}

/** Whether `text` has the shape at `start`: 0 stands for a digit; T may be small or a space. */
function matches(text: string, start: i32, shape: string): bool {
  for (let i = 0; i < shape.length; i++) {
    const wanted = shape.charCodeAt(i);
    const unit = text.charCodeAt(start + i);
    if (wanted == 0x30) {
      if (!isDigit(unit)) return false;
    } else if (wanted == 0x54) {
      if (unit != 0x54 && unit != 0x74 && unit != 0x20) return false;
    } else if (unit != wanted) return false;
  }
  return true;
}

function numberAt(text: string, start: i32, digits: i32): i64 {
  let value: i64 = 0;
  for (let i = 0; i < digits; i++) value = value * 10 + (text.charCodeAt(start + i) - 0x30);
  return value;
}

function isDigit(unit: i32): bool {
  return unit >= 0x30 && unit <= 0x39;
}
