// The first view: what the run shows in words, in numbers and in charts.

import { Bars } from "../charts/bars";
import { Columns } from "../charts/columns";
import { Heat } from "../charts/heat";
import { DIMENSIONS, placeOf, UNKNOWN, type Meta } from "../data";
import type { Index } from "../select";
import { isFiltered, NO_FILTER, toggled, update, withRange, type State } from "../state";
import { Panel } from "../parts/panel";
import { Line } from "../parts/texts";
import { inOrder, toneOf, Verdict } from "../parts/verdict";
import { binOf, countsOf, edges, histogram, logBounds, meanOf, quantiles, rewardBounds, type Bin, type Selection } from "../statistics/distribution";
import { groupsOf, isAllEqual, tableOfK, type GroupStatistics } from "../statistics/groups";
import type { Finding, Section } from "../statistics/findings";
import { count, decimal, duration, plain, share, short } from "../text";

interface Properties {
  meta: Meta;
  index: Index;
  state: State;
  selection: Selection;
  sections: Section[];
}

interface Counted {
  groups: GroupStatistics[]; // of the samples that pass the filter
}

const SLOWEST_SHOWN = 8;
const REASONS_SHOWN = 12;

export function Overview(properties: Properties) {
  const { meta, index, state, selection, sections } = properties;
  const { run } = index;
  const graded = selection.filter((sample) => run.isGraded(sample));
  const groups = groupsOf(run, selection);
  const hasTries = run.has("group") && meta.kind !== "audit";
  return (
    <>
      <Findings sections={sections} />
      <KeyNumbers {...properties} graded={graded} groups={groups} />
      <div class="panels">
        <RewardPanel {...properties} />
        <VerdictPanel {...properties} />
        {meta.kind !== "audit" && <DimensionPanel {...properties} graded={graded} />}
        {run.has("pass_rate") && <PassRatePanel {...properties} graded={graded} wide={!hasTries} />}
        {hasTries && <AtKPanel meta={meta} groups={groups} />}
        {run.has("reason") && <ReasonPanel meta={meta} index={index} state={state} selection={selection} />}
        {run.has("source") && <SourcePanel {...properties} groups={groups} />}
        {run.has("duration_ms") && <DurationPanel {...properties} />}
      </div>
    </>
  );
}

function Findings({ sections }: { sections: Section[] }) {
  return (
    <div class="findings" aria-label="Findings">
      {sections.map(({ title, findings, otherwise }) => (
        <section key={title}>
          <h2>{title}</h2>
          {findings.length === 0 && <p class="fine">{otherwise}</p>}
          <ul>
            {findings.map((finding) => (
              <li key={finding.text} class={finding.isUrgent ? "urgent" : ""}>
                <button onClick={() => follow(finding)}>
                  {finding.text}
                  {finding.names?.map((name, place) => (
                    <span key={place} class="example line">
                      {name}
                    </span>
                  ))}
                </button>
              </li>
            ))}
          </ul>
        </section>
      ))}
    </div>
  );
}

function follow({ view, filter }: Finding): void {
  update({ view, filter, open: null });
  scrollTo({ top: 0 });
}

function KeyNumbers({ meta, index, state, selection, graded, groups: all }: Properties & Counted & { graded: Selection }) {
  const { run } = index;
  const groups = all.filter(({ rewards }) => rewards.length >= 2);
  const accepted = graded.filter((sample) => run.isAccepted(sample)).length;
  const [median, p95] = quantiles(run.values("duration_ms"), selection, [0.5, 0.95]);
  const equal = groups.filter(isAllEqual).length;
  const numbers: [string, string, string][] = [
    [isFiltered(state.filter) ? "Samples shown" : "Samples", count(selection.length), `${count(graded.length)} graded`],
    ["Mean reward", decimal(meanOf(run.values("reward"), graded)), `correctness ${decimal(meanOf(run.values("correctness"), graded))}`],
    ["Accepted", share(accepted / graded.length), `${count(accepted)} samples`],
    ["Ungraded", count(selection.length - graded.length), share((selection.length - graded.length) / selection.length)],
  ];
  if (groups.length > 0 && meta.kind !== "audit") numbers.push(["All-equal prompts", share(equal / groups.length), `${count(equal)} of ${count(groups.length)}`]);
  if (run.has("duration_ms")) numbers.push(["Median time", duration(median ?? NaN), `95% within ${duration(p95 ?? NaN)}`]);
  return (
    <dl class="numbers" aria-label="Key numbers">
      {numbers.map(([name, value, more]) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd class="value">{value}</dd>
          <dd class="more">{more}</dd>
        </div>
      ))}
    </dl>
  );
}

function selectRange(state: State, name: string, bin: Bin): void {
  const isSelected = state.filter.ranges.get(name)?.from === bin.from;
  update({ filter: withRange(state.filter, name, isSelected ? null : { from: bin.from, to: bin.to, closed: bin.isLast }) });
}

function isSelectedRange(state: State, name: string): (bin: Bin) => boolean {
  const range = state.filter.ranges.get(name);
  return (bin) => range !== undefined && bin.from >= range.from && bin.to <= range.to;
}

function RewardPanel({ meta, index, state, selection }: Properties) {
  const rewards = index.run.values("reward");
  return (
    <Panel title="Rewards" hint="How many samples earn how much. Select a column to filter.">
      <Columns
        label="Histogram of the rewards"
        bins={histogram(rewards, selection, rewardBounds(meta.rewardRange, rewards))}
        height={292}
        selected={isSelectedRange(state, "reward")}
        onSelect={(bin) => selectRange(state, "reward", bin)}
      />
    </Panel>
  );
}

function VerdictPanel({ meta, index, state, selection }: Properties) {
  const counts = countsOf(index.run.indexOf("verdict"), selection, meta.verdicts.length);
  const bars = meta.verdicts
    .map((verdict, position) => ({ key: verdict, name: verdict.replaceAll("_", " "), shown: <Verdict verdict={verdict} />, count: counts[position] ?? 0, tone: toneOf(verdict) }))
    .filter((bar) => bar.count > 0)
    .sort((one, other) => rankOf(one) - rankOf(other));
  return (
    <Panel title="Verdicts">
      <Bars
        label="Verdicts"
        bars={bars}
        total={selection.length}
        selected={state.filter.sets.get("verdict") ?? []}
        onSelect={(verdict) => update({ filter: toggled(state.filter, "verdict", verdict) })}
      />
    </Panel>
  );
}

// Accepted first, ungraded last, between them the frequent ones first.
function rankOf({ key, count: number }: { key: string; count: number }): number {
  return key === "accepted" ? -Infinity : key === "ungraded" ? Infinity : -number;
}

function DimensionPanel({ meta, index, state, graded }: Properties & { graded: Selection }) {
  const { run } = index;
  return (
    <Panel title="Dimensions" hint="The parts of the reward, their weights and means. Those without a weight pay nothing." wide>
      <div class="multiples">
        {DIMENSIONS.filter((name) => run.has(name)).map((name) => (
          <figure key={name}>
            <figcaption>
              <strong>{name}</strong>
              <span class="number">{decimal(meanOf(run.values(name), graded))}</span>
              <span class="hint">{meta.weights.get(name) ? `weight ${short(meta.weights.get(name)!)}` : "no weight"}</span>
            </figcaption>
            <Columns
              label={`Histogram of ${name}`}
              bins={histogram(run.values(name), graded, edges(0, 1, 10))}
              height={96}
              selected={isSelectedRange(state, name)}
              onSelect={(bin) => selectRange(state, name, bin)}
            />
          </figure>
        ))}
      </div>
    </Panel>
  );
}

function PassRatePanel({ meta, index, state, graded, wide }: Properties & { graded: Selection; wide: boolean }) {
  const { run } = index;
  const rewards = run.values("reward");
  const [lowest = 0, highest = 1] = [rewardBounds(meta.rewardRange, rewards)[0], rewardBounds(meta.rewardRange, rewards).at(-1)];
  const [across, up] = [edges(0, 1, 10), edges(lowest, highest, 10)];
  const rates = run.values("pass_rate");
  const counts = up.slice(1).map(() => across.slice(1).map(() => 0));
  for (const sample of graded) {
    const [rate, reward] = [rates[sample]!, rewards[sample]!];
    if (!Number.isNaN(rate)) counts[binOf(up, reward)]![binOf(across, rate)]! += 1;
  }
  const select = (level: number, column: number) => {
    const range = (bounds: number[], position: number) => ({ from: bounds[position]!, to: bounds[position + 1]!, closed: position === bounds.length - 2 });
    update({ filter: withRange(withRange(state.filter, "pass_rate", range(across, column)), "reward", range(up, level)) });
  };
  return (
    <Panel title="Pass rate and reward" hint="Samples by the share of test cases they pass, and by what they earn." wide={wide}>
      <Heat
        label="Pass rate and reward"
        columns={across.slice(0, -1).map(short)}
        rows={up.slice(0, -1).map(short)}
        counts={counts}
        names={["pass rate from", "reward from"]}
        onSelect={select}
      />
    </Panel>
  );
}

function AtKPanel({ meta, groups }: Counted & { meta: Meta }) {
  const rows = tableOfK(groups);
  return (
    <Panel title="More tries per prompt" hint="pass@k: at least one of k samples is accepted. Best of k: the expected highest reward.">
      <table class="plain atk" aria-label="pass@k">
        <thead>
          <tr>
            <th scope="col" class="number">k</th>
            <th scope="col" class="number">pass@k</th>
            <th scope="col" aria-hidden="true" />
            <th scope="col" class="number">best of k</th>
            <th scope="col" aria-hidden="true" />
            <th scope="col" class="number">prompts</th>
          </tr>
        </thead>
        <tbody>
          {rows.map(({ k, groups, pass, best }) => (
            <tr key={k}>
              <th scope="row" class="number">{count(k)}</th>
              <td class="number">{share(pass)}</td>
              <td><Meter part={pass} /></td>
              <td class="number">{decimal(best)}</td>
              <td><Meter part={placeOf(meta, best)} /></td>
              <td class="number">{count(groups)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </Panel>
  );
}

export function Meter({ part }: { part: number }) {
  const width = Number.isNaN(part) ? 0 : 100 * Math.min(1, Math.max(0, part));
  return (
    <span class="track" aria-hidden="true">
      <span class="fill" style={{ width: `${width}%` }} />
    </span>
  );
}

function ReasonPanel({ meta, index, state, selection }: Omit<Properties, "sections">) {
  const failed = selection.filter((sample) => !index.run.isAccepted(sample));
  const counts = countsOf(index.run.indexOf("reason"), failed, meta.reasons.length);
  const bars = counts
    .map((number, reason) => ({ key: String(reason), name: meta.reasons[reason] ?? "", count: number }))
    .filter((bar) => bar.count > 0)
    .sort((one, other) => other.count - one.count);
  return (
    <Panel title="Failures by reason" hint={`${count(failed.length)} samples are not accepted.`} wide>
      <Bars
        label="Failures by reason"
        bars={bars.slice(0, REASONS_SHOWN)}
        total={failed.length}
        selected={state.filter.sets.get("reason") ?? []}
        onSelect={(reason) => update({ filter: toggled(state.filter, "reason", reason) })}
      />
      {bars.length > REASONS_SHOWN && <p class="hint">{count(bars.length - REASONS_SHOWN)} rarer reasons are not shown.</p>}
    </Panel>
  );
}

function SourcePanel({ meta, index, state, selection, groups: all }: Properties & Counted) {
  const { run } = index;
  const sources = run.indexOf("source");
  const rows = [...meta.sources.entries(), [UNKNOWN, "unknown"] as const]
    .map(([source, name]) => ({ name, source, members: selection.filter((sample) => sources[sample] === source) }))
    .filter(({ members }) => members.length > 0);
  return (
    <Panel title="Sources" wide>
      <table class="plain sources" aria-label="Sources">
        <thead>
          <tr>
            <th scope="col">source</th>
            <th scope="col" class="number">samples</th>
            <th scope="col" class="number">mean reward</th>
            <th scope="col" class="number">accepted</th>
            <th scope="col" class="number wide-only">ungraded</th>
            <th scope="col" class="number wide-only">all-equal prompts</th>
            <th scope="col" class="wide-only">verdicts</th>
          </tr>
        </thead>
        <tbody>
          {rows.map(({ name, source, members }) => {
            const graded = members.filter((sample) => run.isGraded(sample));
            const accepted = graded.filter((sample) => run.isAccepted(sample)).length;
            // The samples of a prompt are of one source.
            const groups = all.filter(({ rewards, samples }) => rewards.length >= 2 && sources[samples[0]!] === source);
            return (
              <tr key={source}>
                <th scope="row">
                  <button class="link" onClick={() => update({ filter: toggled(state.filter, "source", String(source)) })}>
                    <Line text={name} />
                  </button>
                </th>
                <td class="number">{count(members.length)}</td>
                <td class="number">{decimal(meanOf(run.values("reward"), graded))}</td>
                <td class="number">{share(accepted / graded.length)}</td>
                <td class="number wide-only">{count(members.length - graded.length)}</td>
                <td class="number wide-only">{groups.length > 0 ? share(groups.filter(isAllEqual).length / groups.length) : "–"}</td>
                <td class="wide-only">
                  <Strip meta={meta} counts={countsOf(run.indexOf("verdict"), members, meta.verdicts.length)} />
                </td>
              </tr>
            );
          })}
        </tbody>
      </table>
    </Panel>
  );
}

// One bar that is divided by verdicts.
export function Strip({ meta, counts }: { meta: Meta; counts: number[] }) {
  const total = counts.reduce((sum, number) => sum + number, 0);
  const parts = inOrder(meta.verdicts).map(({ verdict, place }) => ({ verdict, number: counts[place] ?? 0 })).filter(({ number }) => number > 0);
  const text = parts.map(({ verdict, number }) => `${plain(verdict.replaceAll("_", " "))} ${share(number / total)}`).join(", ");
  return (
    <span class="strip" role="img" aria-label={text} title={text}>
      {parts.map(({ verdict, number }) => (
        <span key={verdict} class={toneOf(verdict)} style={{ width: `${(100 * number) / total}%` }} />
      ))}
    </span>
  );
}

function DurationPanel({ index, state, selection }: Properties) {
  const { run } = index;
  const durations = run.values("duration_ms");
  const slowest = index.sorted(selection, { column: "duration_ms", descending: true }).slice(0, SLOWEST_SHOWN);
  const [median, p90, p99] = quantiles(durations, selection, [0.5, 0.9, 0.99]);
  return (
    <Panel
      title="Durations"
      hint={`Median ${duration(median ?? NaN)}, 90% within ${duration(p90 ?? NaN)}, 99% within ${duration(p99 ?? NaN)}. Columns: 1, 2, 5, 10, …`}
      wide
    >
      <div class="halves">
        <Columns
          label="Histogram of the durations"
          bins={histogram(durations, selection, logBounds(durations))}
          format={(edge) => (edge < 1000 ? `${short(edge)} ms` : `${short(edge / 1000)} s`)}
          selected={isSelectedRange(state, "duration_ms")}
          onSelect={(bin) => selectRange(state, "duration_ms", bin)}
        />
        <div>
          <h3>Slowest samples</h3>
          <ol class="list">
            {[...slowest].map((sample) => (
              <li key={sample}>
                <button onClick={() => update({ open: sample })}>
                  <Verdict verdict={run.verdict(sample)} only />
                  <Line text={run.idTexts[sample] ?? ""} />
                  <span class="number">{duration(durations[sample]!)}</span>
                </button>
              </li>
            ))}
          </ol>
        </div>
      </div>
      {isFiltered(state.filter) && (
        <button class="more" onClick={() => update({ filter: NO_FILTER })}>
          Clear the filter
        </button>
      )}
    </Panel>
  );
}
