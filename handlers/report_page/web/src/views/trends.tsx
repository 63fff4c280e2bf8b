// How the run changed over training steps or time.

import { useMemo, useState } from "preact/hooks";
import { Lines, type Series } from "../charts/lines";
import type { Meta } from "../data";
import { Panel } from "../parts/panel";
import { inOrder, toneOf } from "../parts/verdict";
import type { Index } from "../select";
import { update, withRange, type State } from "../state";
import type { Selection } from "../statistics/distribution";
import { onsetText } from "../statistics/findings";
import { axisOf, onsets, trendsOf, type Axis, type Interval } from "../statistics/trends";
import { count, dateOf, decimal, share, words } from "../text";

interface Properties {
  meta: Meta;
  index: Index;
  state: State;
  selection: Selection;
}

interface Chart {
  title: string;
  of: (interval: Interval) => number;
  format: (value: number) => string;
  isShare?: boolean;
}

const CHARTS: Chart[] = [
  { title: "Mean reward", of: ({ reward }) => reward, format: (value) => decimal(value, 2) },
  { title: "Mean correctness", of: ({ correctness }) => correctness, format: (value) => decimal(value, 2) },
  { title: "Accepted", of: ({ accepted }) => accepted, format: (value) => share(value), isShare: true },
  { title: "All-equal prompt groups", of: ({ equal }) => equal, format: (value) => share(value), isShare: true },
  { title: "Security violations", of: ({ violations }) => violations, format: (value) => share(value), isShare: true },
  { title: "Constant-like answers", of: ({ constants }) => constants, format: (value) => share(value), isShare: true },
  { title: "Mean completion length", of: ({ length }) => length, format: (value) => count(Math.round(value)) },
];

export function Trends({ meta, index, state, selection }: Properties) {
  const [marked, setMarked] = useState<number | null>(null);
  const axis = axisOf(index.run);
  const intervals = useMemo(() => (axis ? trendsOf(meta, index.run, selection, axis) : []), [index, selection, axis]);
  if (!axis || intervals.length === 0) return <p class="nothing">The samples have no training steps and no times.</p>;
  const rises = onsets(intervals);
  const at = intervals[Math.min(marked ?? intervals.length - 1, intervals.length - 1)]!;
  const shared = {
    positions: intervals.map(({ from, to }) => (from + to) / 2),
    positionText: (place: number) => rangeText(axis, intervals[place]),
    marked,
    onMark: setMarked,
    onSelect: (place: number) => {
      const { from, to } = intervals[place]!;
      update({ view: "samples", filter: withRange(state.filter, axis, { from, to, closed: true }) });
    },
  };
  const shown = inOrder(meta.verdicts).filter(({ place }) => intervals.some(({ verdicts }) => verdicts[place]! > 0));
  const stacked: Series[] = shown.map(({ verdict, place }) => ({ name: words(verdict), tone: toneOf(verdict), values: intervals.map(({ verdicts }) => verdicts[place]!) }));
  const charts = CHARTS.map((chart) => ({ ...chart, values: intervals.map(chart.of) })).filter(({ values }) => values.some((value) => !Number.isNaN(value)));
  return (
    <>
      {rises.length > 0 && (
        <ul class="alerts" aria-label="Signs of reward hacking">
          {rises.map((rise) => (
            <li key={rise.what}>{onsetText(rise, axis)}</li>
          ))}
        </ul>
      )}
      <p class="hint position">
        {marked === null ? "The last interval" : "At the mark"}: {rangeText(axis, at)}, {count(at.samples.length)} samples. Select a position to see its samples.
      </p>
      <div class="panels thirds">
        {charts.map(({ title, values, format, isShare }) => (
          <Panel key={title} title={title} hint={<span class="figure">{format(values[intervals.indexOf(at)] ?? NaN)}</span>}>
            <Lines {...shared} label={title} series={[{ name: title, values }]} format={format} isShare={isShare} />
          </Panel>
        ))}
        <Panel title="Verdicts" wide={charts.length % 3 !== 1} span={charts.length % 3 === 1}>
          <Lines {...shared} label="Shares of the verdicts" series={stacked} format={(value) => share(value, 0)} isStacked height={200} />
          <ul class="legend">
            {stacked.map(({ name, tone, values }) => (
              <li key={name} class={tone}>
                <span class="swatch" /> {name} <span class="number">{share(values[intervals.indexOf(at)] ?? NaN)}</span>
              </li>
            ))}
          </ul>
        </Panel>
      </div>
    </>
  );
}

function rangeText(axis: Axis, interval: Interval | undefined): string {
  if (!interval) return "";
  const { from, to } = interval;
  if (axis === "time") return dateOf(from);
  return from === to ? `step ${from}` : `steps ${from} to ${to}`;
}
