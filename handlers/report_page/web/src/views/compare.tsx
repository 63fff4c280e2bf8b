// Two runs side by side: A is the first, B the second.

import { useMemo } from "preact/hooks";
import { Bars } from "../charts/bars";
import { Columns } from "../charts/columns";
import { labelOf, type Meta } from "../data";
import { Panel } from "../parts/panel";
import { Samples } from "./samples";
import { inOrder, Verdict } from "../parts/verdict";
import type { Index } from "../select";
import { toggled, update, withSet, type State } from "../state";
import { edges, histogram, meanOf, quantiles, type Selection } from "../statistics/distribution";
import { groupsOf, isAllEqual } from "../statistics/groups";
import { OUTCOMES } from "../statistics/pairs";
import { Line } from "../parts/texts";
import { count, decimal, duration, plain, share, signed, words } from "../text";

interface Properties {
  meta: Meta;
  indexes: Index[];
  index: Index;
  state: State;
  selection: Selection;
  rows: Uint32Array;
  active: number;
  onActive: (position: number) => void;
}

const GROUPS_SHOWN = 12;

export function Compare(properties: Properties) {
  const { meta, indexes, index, state, selection, rows, active, onActive } = properties;
  const [a, b] = indexes;
  const changes = useMemo(() => index.changes(), [index]);
  if (!a || !b) return <p class="nothing">The report has one run only. `--compare` adds another one.</p>;
  const counts = Object.keys(OUTCOMES).map((outcome) => ({
    key: outcome,
    name: OUTCOMES[outcome as keyof typeof OUTCOMES],
    count: selection.filter((sample) => index.outcome(sample) === outcome).length,
    tone: `moved-${outcome}`,
  }));
  const moved = selection.filter((sample) => changes[sample]! !== 0);
  return (
    <>
      <div class="panels">
        <Panel title="Both runs" hint="All samples that have a pair, whatever the filter.">
          <Summary a={a} b={b} />
        </Panel>
        <Panel title="What became of the rewards" hint={`Of the samples of run ${index.run.number === 0 ? "A" : "B"} that pass the filter.`}>
          <Bars
            label="Outcomes"
            bars={counts.filter((bar) => bar.count > 0)}
            total={selection.length}
            selected={state.filter.sets.get("moved") ?? []}
            onSelect={(outcome) => update({ filter: toggled(state.filter, "moved", outcome) })}
          />
        </Panel>
        <Panel title="Moves" hint="Rewards that moved: B − A. Rewards that stayed are not counted.">
          <Columns label="Histogram of the moves" bins={histogram(changes, moved, boundsOf(changes))} height={400} />
        </Panel>
        <Panel title="Prompts that moved most" hint="Mean reward of the graded samples, A and B.">
          <GroupChanges meta={meta} a={a} b={b} state={state} />
        </Panel>
        <Panel title="Verdicts, from A to B" hint="Rows: the verdict in A. Columns: the verdict in B. Select a number to see these samples." wide>
          <Transitions meta={meta} index={index} selection={selection} state={state} />
        </Panel>
      </div>
      {!state.sort && <p class="hint above">The largest moves come first. Select a header to sort.</p>}
      <Samples meta={meta} index={index} rows={rows} sort={state.sort} active={active} onActive={onActive} />
    </>
  );
}

function boundsOf(changes: Float64Array): number[] {
  const most = changes.reduce((size, change) => (Math.abs(change) > size ? Math.abs(change) : size), 0);
  return edges(-Math.max(1, most), Math.max(1, most), 20);
}

function Summary({ a, b }: { a: Index; b: Index }) {
  const [one, other] = [a, b].map((side) => numbersOf(side));
  const lines: [string, keyof ReturnType<typeof numbersOf>, (value: number) => string, (value: number) => string][] = [
    ["pairs", "pairs", count, () => ""],
    ["mean reward", "reward", decimal, signed],
    ["mean correctness", "correctness", decimal, signed],
    ["accepted", "accepted", share, (value) => `${signed(100 * value, 1)} points`],
    ["ungraded", "ungraded", count, (value) => signed(value, 0)],
    ["all-equal prompts", "equal", share, (value) => `${signed(100 * value, 1)} points`],
    ["median time", "duration", duration, () => ""],
  ];
  return (
    <table class="plain" aria-label="Both runs">
      <thead>
        <tr>
          <th scope="col" />
          <th scope="col" class="number" title={plain(a.run.name)}>A, old</th>
          <th scope="col" class="number" title={plain(b.run.name)}>B, new</th>
          <th scope="col" class="number">B − A</th>
        </tr>
      </thead>
      <tbody>
        {lines.map(([name, key, format, difference]) => (
          <tr key={name}>
            <th scope="row">{name}</th>
            <td class="number">{format(one![key])}</td>
            <td class="number">{format(other![key])}</td>
            <td class="number">{difference(other![key] - one![key])}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

// Return the statistics of the samples of one run that have a pair.
function numbersOf(index: Index) {
  const { run } = index;
  const paired = index.all.filter((sample) => index.partner(sample) >= 0);
  const graded = paired.filter((sample) => run.isGraded(sample));
  const groups = groupsOf(run, paired).filter(({ rewards }) => rewards.length >= 2);
  return {
    pairs: paired.length,
    reward: meanOf(run.values("reward"), graded),
    correctness: meanOf(run.values("correctness"), graded),
    accepted: graded.filter((sample) => run.isAccepted(sample)).length / graded.length,
    ungraded: paired.length - graded.length,
    equal: groups.filter(isAllEqual).length / groups.length,
    duration: quantiles(run.values("duration_ms"), paired, [0.5])[0] ?? NaN,
  };
}

function Transitions({ meta, index, selection, state }: { meta: Meta; index: Index; selection: Selection; state: State }) {
  const isFirst = index.run.number === 0;
  const counts = new Map<string, number>();
  for (const sample of selection) {
    const pair = index.partner(sample);
    if (pair < 0) continue;
    const [mine, others] = [index.run.verdict(sample), index.other?.verdict(pair) ?? ""];
    const key = isFirst ? `${mine} ${others}` : `${others} ${mine}`;
    counts.set(key, (counts.get(key) ?? 0) + 1);
  }
  const occurring = (side: number) => inOrder(meta.verdicts).map(({ verdict }) => verdict).filter((verdict) => [...counts.keys()].some((key) => key.split(" ")[side] === verdict));
  const [rows, columns] = [occurring(0), occurring(1)];
  const select = (from: string, to: string) => {
    const [mine, others] = isFirst ? [from, to] : [to, from];
    update({ filter: withSet(withSet(state.filter, "verdict", [mine]), "other", [others]) });
  };
  const most = Math.max(1, ...[...counts].filter(([key]) => key.split(" ")[0] !== key.split(" ")[1]).map(([, number]) => number));
  return (
    <div class="scroll">
      <table class="matrix" aria-label="Verdicts, from A to B">
        <thead>
          <tr>
            <th scope="col">A ↓ &nbsp; B →</th>
            {columns.map((verdict) => (
              <th key={verdict} scope="col" class="number">
                <Verdict verdict={verdict} only />
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map((from) => (
            <tr key={from}>
              <th scope="row">
                <Verdict verdict={from} />
              </th>
              {columns.map((to) => {
                const number = counts.get(`${from} ${to}`) ?? 0;
                const strength = from === to ? 0 : Math.sqrt(number / most);
                return (
                  <td key={to} class={`number ${from === to ? "same" : ""}`}>
                    {number > 0 ? (
                      <button onClick={() => select(from, to)} aria-label={`${plain(words(from))} to ${plain(words(to))}: ${count(number)}`}>
                        <span class="ink" style={{ opacity: 0.35 * strength }} />
                        {count(number)}
                      </button>
                    ) : (
                      <span class="none" aria-label={`${plain(words(from))} to ${plain(words(to))}: 0`}>·</span>
                    )}
                  </td>
                );
              })}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

function GroupChanges({ meta, a, b, state }: { meta: Meta; a: Index; b: Index; state: State }) {
  const changes = a.groups
    .map((group) => ({ group: group.group, old: group.mean, now: b.groupOf.get(group.group)?.mean ?? NaN }))
    .filter(({ old, now }) => !Number.isNaN(now - old) && now !== old)
    .sort((one, other) => Math.abs(other.now - other.old) - Math.abs(one.now - one.old));
  return (
    <>
      <table class="plain named" aria-label="Prompts that moved most">
        <thead>
          <tr>
            <th scope="col">prompt</th>
            <th scope="col" class="number">A</th>
            <th scope="col" class="number">B</th>
            <th scope="col" class="number">B − A</th>
          </tr>
        </thead>
        <tbody>
          {changes.slice(0, GROUPS_SHOWN).map(({ group, old, now }) => (
            <tr key={group}>
              <th scope="row">
                <button class="link" onClick={() => update({ filter: withSet(state.filter, "group", [String(group)]) })}>
                  <Line text={labelOf(meta, group)} limit={80} />
                </button>
              </th>
              <td class="number">{decimal(old)}</td>
              <td class="number">{decimal(now)}</td>
              <td class="number">{signed(now - old)}</td>
            </tr>
          ))}
        </tbody>
      </table>
      <p class="hint">{count(changes.length)} prompts moved.</p>
    </>
  );
}
