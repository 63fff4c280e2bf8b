// Hold what the page shows, and keep it in the address, so that a link shows the same.

import { useLayoutEffect, useReducer } from "preact/hooks";

export const VIEWS = ["overview", "samples", "prompts", "trends", "compare"] as const;
export type View = (typeof VIEWS)[number];

export const SETS = ["verdict", "failure", "source", "reason", "role", "group", "kind", "flag", "moved", "other"] as const;
export type SetName = (typeof SETS)[number];

export const RANGES = [
  ...["reward", "correctness", "compile", "format", "safety", "conciseness", "similarity"],
  ...["pass_rate", "duration_ms", "completion_length", "step", "time"],
] as const;

// A filter: a sample passes if it is in every set and every range, and contains every word.
// A range contains its lower end, and its upper end only if that is `closed`.
export interface Filter {
  query: string;
  sets: ReadonlyMap<SetName, readonly string[]>;
  ranges: ReadonlyMap<string, Range>;
}

export interface Range {
  from: number;
  to: number;
  closed: boolean;
}

export interface Sort {
  column: string;
  descending: boolean;
}

export interface State {
  view: View;
  run: number;
  filter: Filter;
  sort: Sort | null;
  open: number | null;
}

export const NO_FILTER: Filter = { query: "", sets: new Map(), ranges: new Map() };
const LARGEST_SET = 1000;

let state = parse(location.hash);
const listeners = new Set<() => void>();

export function currentState(): State {
  return state;
}

// Return the state, and render again whenever it changes.
export function useReportState(): State {
  const [, render] = useReducer<number, void>((times) => times + 1, 0);
  // Not `useEffect`, which waits for a picture: a change before that would be lost.
  useLayoutEffect(() => {
    const listener = () => render();
    listeners.add(listener);
    return () => void listeners.delete(listener);
  }, []);
  return state;
}

// Change the state. With *push*, the browser's Back button leads to the state before.
export function update(change: Partial<State>, { push = true } = {}): void {
  state = { ...state, ...change };
  const address = `#${write(state)}`;
  if (address !== location.hash) {
    if (push) history.pushState(null, "", address);
    else history.replaceState(null, "", address);
  }
  listeners.forEach((listener) => listener());
}

addEventListener("popstate", () => {
  state = parse(location.hash);
  listeners.forEach((listener) => listener());
});

export function isFiltered(filter: Filter): boolean {
  return filter.query !== "" || filter.sets.size > 0 || filter.ranges.size > 0;
}

// Return *filter* with other values of one set; an empty list removes it.
export function withSet(filter: Filter, name: SetName, values: readonly string[]): Filter {
  const sets = new Map(filter.sets);
  if (values.length > 0) sets.set(name, values);
  else sets.delete(name);
  return { ...filter, sets };
}

// Return *filter* with *value* added to a set, or removed if it is there.
export function toggled(filter: Filter, name: SetName, value: string): Filter {
  const values = filter.sets.get(name) ?? [];
  return withSet(filter, name, values.includes(value) ? values.filter((other) => other !== value) : [...values, value]);
}

export function withRange(filter: Filter, name: string, range: Range | null): Filter {
  const ranges = new Map(filter.ranges);
  if (range) ranges.set(name, range);
  else ranges.delete(name);
  return { ...filter, ranges };
}

export function filterOf(sets: Partial<Record<SetName, string[]>>): Filter {
  return Object.entries(sets).reduce((filter, [name, values]) => withSet(filter, name as SetName, values), NO_FILTER);
}

export function write({ view, run, filter, sort, open }: State): string {
  const fields = new URLSearchParams();
  if (view !== "overview") fields.set("view", view);
  if (run !== 0) fields.set("run", String(run));
  if (filter.query) fields.set("q", filter.query);
  for (const [name, values] of filter.sets) fields.set(name, values.join(","));
  for (const [name, { from, to, closed }] of filter.ranges) fields.set(name, `${from}..${closed ? "=" : ""}${to}`);
  if (sort) fields.set("sort", `${sort.descending ? "-" : ""}${sort.column}`);
  if (open !== null) fields.set("open", String(open));
  return fields.toString();
}

// Read an address. What is not understood is left out: links may come from anywhere.
export function parse(hash: string): State {
  const fields = new URLSearchParams(hash.replace(/^#/, ""));
  const view = VIEWS.find((name) => name === fields.get("view")) ?? "overview";
  let filter: Filter = { ...NO_FILTER, query: fields.get("q") ?? "" };
  for (const name of SETS) {
    const values = fields.get(name)?.split(",").filter(Boolean).slice(0, LARGEST_SET);
    if (values) filter = withSet(filter, name, values);
  }
  for (const name of RANGES) {
    const match = /^(-?[\d.e+-]+)\.\.(=?)(-?[\d.e+-]+)$/.exec(fields.get(name) ?? "");
    const [from, to] = [Number(match?.[1]), Number(match?.[3])];
    if (match && Number.isFinite(from) && Number.isFinite(to)) {
      filter = withRange(filter, name, { from, to, closed: match[2] === "=" });
    }
  }
  const sort = /^(-?)(\w+)$/.exec(fields.get("sort") ?? "");
  return {
    view,
    run: natural(fields.get("run")) ?? 0,
    filter,
    sort: sort ? { column: sort[2] ?? "", descending: sort[1] === "-" } : null,
    open: natural(fields.get("open")),
  };
}

function natural(text: string | null): number | null {
  return text !== null && /^\d{1,9}$/.test(text) ? Number(text) : null;
}
