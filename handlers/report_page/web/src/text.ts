// Make values from data fit to be shown: as text, with invisible characters made visible.

const CONTROL_PICTURES = 0x2400;
const INVISIBLE = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}\p{Co}]/u;
const PARTS = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}\p{Co}]/gu;

// A piece of text, or an invisible character by its name.
export type Piece = string | { name: string };

// Return any JSON value as text.
export function textOf(value: unknown): string {
  if (typeof value === "string") return value;
  if (value === null || value === undefined) return "";
  return typeof value === "object" ? JSON.stringify(value) : String(value);
}

// Return a list of texts, whatever *value* is.
export function textsOf(value: unknown): string[] {
  return Array.isArray(value) ? value.map(textOf) : [];
}

// Divide *text* into pieces. Tabs and line breaks stay text; all other control and format
// characters (bidi, zero width), lone surrogates and private ones are named.
export function pieces(text: string): Piece[] {
  if (!INVISIBLE.test(text)) return [text];
  const found: Piece[] = [];
  let start = 0;
  for (const match of text.matchAll(PARTS)) {
    const character = match[0];
    if (character === "\n" || character === "\t") continue;
    if (match.index > start) found.push(text.slice(start, match.index));
    found.push({ name: nameOf(character) });
    start = match.index + character.length;
  }
  if (start < text.length) found.push(text.slice(start));
  return found;
}

function nameOf(character: string): string {
  const point = character.codePointAt(0) ?? 0;
  if (point < 0x20) return String.fromCodePoint(CONTROL_PICTURES + point);
  if (point === 0x7f) return "\u2421";
  return `U+${point.toString(16).toUpperCase().padStart(4, "0")}`;
}

// Return the first *limit* characters of *text*, without half of a surrogate pair at the end.
export function cut(text: string, limit: number): string {
  if (text.length <= limit) return text;
  const last = text.charCodeAt(limit - 1);
  return text.slice(0, last >= 0xd800 && last < 0xdc00 ? limit - 1 : limit);
}

// Return one line of plain text for places that cannot hold elements: titles, labels, options.
export function plain(text: string, limit = 120): string {
  const shown = pieces(cut(text, limit))
    .map((piece) => (typeof piece === "string" ? piece : `⟨${piece.name}⟩`))
    .join("")
    .replace(/\s+/g, " ");
  return text.length > limit ? `${shown}…` : shown;
}

export function words(name: string): string {
  return name.replaceAll("_", " ");
}

const COUNT = new Intl.NumberFormat("en");

export function count(number: number): string {
  return COUNT.format(number);
}

// "1 prompt", "41 prompts".
export function counted(number: number, noun: string, plural = `${noun}s`): string {
  return `${count(number)} ${number === 1 ? noun : plural}`;
}

export function share(part: number, digits = 1): string {
  if (Number.isNaN(part)) return "–";
  const text = (100 * part).toFixed(digits);
  // A few of many are not none, and all but a few are not all.
  if (part > 0 && Number(text) === 0) return `<${(10 ** -digits).toFixed(digits)}%`;
  if (part < 1 && Number(text) === 100) return `>${(100 - 10 ** -digits).toFixed(digits)}%`;
  return `${text}%`;
}

export function decimal(number: number, digits = 3): string {
  if (Number.isNaN(number)) return "–";
  const text = number.toFixed(digits);
  return Number(text) === 0 ? text.replace("-", "") : text;
}

export function signed(number: number, digits = 3): string {
  if (Number.isNaN(number)) return "–";
  const text = decimal(Math.abs(number), digits);
  if (Number(text) === 0) return text;
  return `${number < 0 ? "\u2212" : "+"}${text}`;
}

export function short(number: number): string {
  return Number.isNaN(number) ? "–" : String(Number(number.toPrecision(4)));
}

export function duration(milliseconds: number): string {
  if (Number.isNaN(milliseconds)) return "–";
  if (milliseconds < 1000) return `${milliseconds.toFixed(milliseconds < 10 ? 1 : 0)} ms`;
  if (milliseconds < 60_000) return `${(milliseconds / 1000).toFixed(1)} s`;
  return `${(milliseconds / 60_000).toFixed(1)} min`;
}

export function dateOf(seconds: number): string {
  const date = new Date(seconds * 1000);
  return Number.isNaN(date.getTime()) ? "–" : date.toISOString().slice(0, 16).replace("T", " ");
}
