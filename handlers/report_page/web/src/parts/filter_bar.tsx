// Search and filter, and what is filtered now. All views show the samples that pass.

import { useLayoutEffect, useMemo, useRef } from "preact/hooks";
import { labelOf, UNKNOWN, type Meta } from "../data";
import { FLAGS, type Index } from "../select";
import { currentState, isFiltered, NO_FILTER, toggled, update, withRange, withSet, type SetName, type State } from "../state";
import { countsOf, type Selection } from "../statistics/distribution";
import { OUTCOMES } from "../statistics/pairs";
import { KINDS } from "../statistics/groups";
import { count, dateOf, duration, plain, short, words } from "../text";
import { kindName } from "../views/prompts";

interface Properties {
  meta: Meta;
  index: Index;
  state: State;
  selection: Selection;
}

interface Choice {
  value: string;
  name: string;
  count: number;
}

const CHOICES_SHOWN = 200;

export function FilterBar({ meta, index, state, selection }: Properties) {
  const input = useRef<HTMLInputElement>(null);
  // In the event itself: after the next picture, it would undo letters that were typed since.
  useLayoutEffect(() => {
    if (input.current && input.current.value !== state.filter.query) input.current.value = state.filter.query;
  }, [state.filter.query]);
  const fields = useMemo(() => fieldsOf(meta, index), [meta, index]);
  return (
    <div class="filters" role="search" aria-label="Filter">
      <div class="fields">
        <input
          ref={input}
          id="search"
          type="search"
          placeholder="Search id, prompt, verdict, reason …"
          aria-label="Search id, prompt, verdict, source and reason"
          aria-keyshortcuts="/"
          autocomplete="off"
          spellcheck={false}
          onInput={(event) => update({ filter: { ...currentState().filter, query: event.currentTarget.value } }, { push: false })}
        />
        {fields.map(({ label, name, choices }) => (
          <Choices key={name} label={label} name={name} state={state} choices={choices} />
        ))}
        <output class="matches" aria-live="polite">
          {isFiltered(state.filter) ? `${count(selection.length)} of ${count(index.run.size)}` : count(index.run.size)} samples
        </output>
      </div>
      {isFiltered(state.filter) && <Chips meta={meta} state={state} />}
    </div>
  );
}

// Return the fields of the bar. They count the samples of the whole run, whatever the filter.
function fieldsOf(meta: Meta, index: Index): { label: string; name: SetName; choices: Choice[] }[] {
  return [
    { label: "Verdict", name: "verdict", choices: verdictChoices(meta, index) },
    { label: "Prompts", name: "kind", choices: kindChoices(meta, index) },
    { label: "Source", name: "source", choices: indexChoices(index, "source", meta.sources) },
    { label: "Reason", name: "reason", choices: indexChoices(index, "reason", meta.reasons) },
    { label: "Program", name: "role", choices: indexChoices(index, "role", meta.roles) },
    { label: "Flag", name: "flag", choices: flagChoices(index) },
  ];
}

function Choices({ label, name, state, choices }: { label: string; name: SetName; state: State; choices: Choice[] }) {
  if (choices.length < 2 && !(name === "flag" || name === "kind")) return null;
  if (choices.length === 0) return null;
  return (
    <select
      aria-label={label}
      value=""
      onChange={(event) => {
        const { value } = event.currentTarget;
        event.currentTarget.value = "";
        if (value) update({ filter: toggled(state.filter, name, value) });
      }}
    >
      <option value="">{label}</option>
      {choices.slice(0, CHOICES_SHOWN).map((choice) => (
        <option key={choice.value} value={choice.value}>
          {state.filter.sets.get(name)?.includes(choice.value) ? "✓ " : ""}
          {plain(choice.name, 60)} ({count(choice.count)})
        </option>
      ))}
    </select>
  );
}

function verdictChoices(meta: Meta, { run, all }: Index): Choice[] {
  const counts = countsOf(run.indexOf("verdict"), all, meta.verdicts.length);
  return meta.verdicts.map((verdict, position) => ({ value: verdict, name: words(verdict), count: counts[position]! })).filter((choice) => choice.count > 0);
}

function indexChoices({ run, all }: Index, name: "source" | "reason" | "role", texts: string[]): Choice[] {
  const counts = countsOf(run.indexOf(name), all, texts.length);
  const choices = texts.map((text, position) => ({ value: String(position), name: text, count: counts[position]! }));
  return choices.filter((choice) => choice.count > 0).sort((one, other) => other.count - one.count);
}

function kindChoices(meta: Meta, index: Index): Choice[] {
  const kinds = [...Object.keys(KINDS), ...new Set(meta.findings.map(({ kind }) => `finding:${kind}`))];
  const choices = kinds.map((kind) => ({ value: kind, name: kindName(kind), count: index.groupsOfKind(kind).length }));
  return choices.filter((choice) => choice.count > 0);
}

function flagChoices({ run, all }: Index): Choice[] {
  const choices = Object.entries(FLAGS).map(([flag, name]) => ({ value: flag, name, count: all.filter((sample) => run.values(flag)[sample]! > 0).length }));
  return choices.filter((choice) => choice.count > 0);
}

function Chips({ meta, state }: { meta: Meta; state: State }) {
  const { filter } = state;
  const chips: { text: string; remove: () => void }[] = [];
  if (filter.query) chips.push({ text: `“${filter.query}”`, remove: () => update({ filter: { ...filter, query: "" } }) });
  for (const [name, values] of filter.sets) {
    const shown = values.slice(0, 3).map((value) => valueName(meta, name, value)).join(", ");
    const more = values.length > 3 ? ` and ${values.length - 3} more` : "";
    chips.push({ text: `${TITLES[name]}: ${shown}${more}`, remove: () => update({ filter: withSet(filter, name, []) }) });
  }
  for (const [name, { from, to }] of filter.ranges) {
    const format = { duration_ms: duration, time: dateOf }[name] ?? short;
    const range = from === to ? format(from) : `${format(from)} to ${format(to)}`;
    chips.push({ text: `${words(name).replace(" ms", "")}: ${range}`, remove: () => update({ filter: withRange(filter, name, null) }) });
  }
  return (
    <ul class="chips" aria-label="Active filters">
      {chips.map(({ text, remove }) => (
        <li key={text}>
          <button onClick={remove} title="Remove this filter">
            <bdi class="line">{plain(text, 90)}</bdi>
            <span aria-hidden="true">✕</span>
            <span class="unseen">remove</span>
          </button>
        </li>
      ))}
      <li>
        <button class="clear" onClick={() => update({ filter: NO_FILTER })}>
          Clear
        </button>
      </li>
    </ul>
  );
}

const TITLES: Record<SetName, string> = {
  verdict: "verdict",
  failure: "not graded, by fault of",
  source: "source",
  reason: "reason",
  role: "program",
  group: "prompt",
  kind: "prompts",
  flag: "flag",
  moved: "reward",
  other: "in the other run",
};

function valueName(meta: Meta, name: SetName, value: string): string {
  switch (name) {
    case "source":
    case "reason":
    case "role":
      return meta[`${name}s`][Number(value)] ?? (Number(value) === UNKNOWN ? "unknown" : value);
    case "group":
      return labelOf(meta, Number(value));
    case "kind":
      return kindName(value);
    case "flag":
      return Object.hasOwn(FLAGS, value) ? FLAGS[value]! : value;
    case "moved":
      return Object.hasOwn(OUTCOMES, value) ? OUTCOMES[value as keyof typeof OUTCOMES] : value;
    default:
      return words(value);
  }
}
