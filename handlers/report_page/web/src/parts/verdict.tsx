// Show a verdict: by its usual abbreviation, its name and its colour.

import { words } from "../text";

// In the order in which they are shown.
export const CODES: Record<string, string> = {
  accepted: "AC",
  wrong_answer: "WA",
  not_accepted: "NO",
  runtime_error: "RE",
  time_limit_exceeded: "TL",
  memory_limit_exceeded: "ML",
  output_limit_exceeded: "OL",
  compile_error: "CE",
  no_entry_point: "NE",
  security_violation: "SV",
  no_candidate: "NC",
  ungraded: "UG",
};

function codeOf(verdict: string): string {
  return Object.hasOwn(CODES, verdict) ? CODES[verdict]! : "?";
}

// Return *verdicts* in the order in which they are shown, with their positions in the list; unknown ones come last.
export function inOrder(verdicts: readonly string[]): { verdict: string; place: number }[] {
  const known = Object.keys(CODES);
  const rank = (verdict: string) => (known.indexOf(verdict) + known.length + 1) % (known.length + 1);
  return verdicts.map((verdict, place) => ({ verdict, place })).sort((one, other) => rank(one.verdict) - rank(other.verdict));
}

// Return the class that sets the colour of a verdict.
export function toneOf(verdict: string): string {
  return Object.hasOwn(CODES, verdict) ? `tone-${verdict}` : "tone-other";
}

export function Verdict({ verdict, only = false }: { verdict: string; only?: boolean }) {
  return (
    <span class={`verdict ${toneOf(verdict)}`} title={words(verdict)}>
      <abbr aria-hidden={!only} aria-label={only ? words(verdict) : undefined}>
        {codeOf(verdict)}
      </abbr>
      {!only && <span class="name">{verdict ? words(verdict) : "unknown"}</span>}
    </span>
  );
}
