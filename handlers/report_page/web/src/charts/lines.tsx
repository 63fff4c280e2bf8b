// Lines, or stacked areas, over steps or time. All charts of a view share the marked position.

import { max, min } from "d3-array";
import { scaleLinear } from "d3-scale";
import { area, line, stack } from "d3-shape";
import { useRef } from "preact/hooks";
import { useWidth } from "../parts/media";

export interface Series {
  name: string;
  values: readonly number[];
  tone?: string;
}

interface Properties {
  label: string;
  positions: readonly number[]; // the middle of each interval
  positionText: (index: number) => string;
  series: readonly Series[];
  format: (value: number) => string;
  isShare?: boolean;
  isStacked?: boolean;
  marked: number | null; // an index of an interval
  onMark: (index: number | null) => void;
  onSelect: (index: number) => void;
  height?: number;
}

const LEFT = 46;
const BOTTOM = 22;
const TOP = 10;

export function Lines(properties: Properties) {
  const { label, positions, positionText, series, format, isShare, isStacked, marked, onMark, onSelect, height = 150 } = properties;
  const frame = useRef<HTMLDivElement>(null);
  const width = useWidth(frame, 320);
  const x = scaleLinear([positions[0] ?? 0, positions.at(-1) ?? 1], [LEFT, width - 8]);
  const all = series.flatMap(({ values }) => values.filter((value) => !Number.isNaN(value)));
  const lowest = Math.min(0, min(all) ?? 0);
  const highest = isStacked ? 1 : Math.max(lowest + (isShare ? 0.02 : 1e-9), max(all) ?? 1);
  const y = scaleLinear([lowest, highest], [height - BOTTOM, TOP]);
  if (!isStacked) y.nice(3);

  const nearest = (event: MouseEvent) => {
    const box = (event.currentTarget as Element).getBoundingClientRect();
    const place = x.invert(event.clientX - box.left);
    const distances = positions.map((position) => Math.abs(position - place));
    return distances.indexOf(Math.min(...distances));
  };
  const onKeyDown = (event: KeyboardEvent) => {
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (step) onMark(Math.min(positions.length - 1, Math.max(0, (marked ?? -1) + step)));
    else if (event.key === "Enter" && marked !== null) onSelect(marked);
    else return;
    event.preventDefault();
    event.stopPropagation();
  };
  const last = positions.length - 1;
  const at = marked ?? last;
  const ticks = [...new Set([0, Math.floor(last / 2), last])];
  return (
    <div class="chart" ref={frame}>
      <svg
        class="lines"
        width={width}
        height={height}
        viewBox={`0 0 ${width} ${height}`}
        role="img"
        aria-label={`${label}, ${positionText(at)}: ${series.map(({ name, values }) => `${name} ${format(values[at] ?? NaN)}`).join(", ")}`}
        tabindex={0} // in this case: see columns.tsx
        onMouseMove={(event) => onMark(nearest(event))}
        onMouseLeave={() => onMark(null)}
        onClick={(event) => onSelect(nearest(event))}
        onKeyDown={onKeyDown}
        onBlur={() => onMark(null)}
      >
        {y.ticks(3).map((tick) => (
          <g key={tick} class="grid">
            <line x1={LEFT} x2={width} y1={y(tick)} y2={y(tick)} />
            <text x={LEFT - 8} y={y(tick)} dy="0.32em" text-anchor="end">
              {format(tick)}
            </text>
          </g>
        ))}
        {isStacked ? <Areas series={series} x={(index) => x(positions[index]!)} y={y} /> : <Paths series={series} x={(index) => x(positions[index]!)} y={y} />}
        {marked !== null && positions[marked] !== undefined && (
          <g class="cursor">
            <line x1={x(positions[marked])} x2={x(positions[marked])} y1={TOP} y2={height - BOTTOM} />
            {!isStacked &&
              series.map(({ name, values, tone }) =>
                Number.isNaN(values[marked] ?? NaN) ? null : (
                  <circle key={name} class={tone ?? ""} cx={x(positions[marked]!)} cy={y(values[marked]!)} r="3.5" />
                ),
              )}
          </g>
        )}
        <g class="axis">
          <line x1={LEFT} x2={width} y1={height - BOTTOM} y2={height - BOTTOM} />
          {ticks.map((index) => (
            <text
              key={index}
              x={x(positions[index] ?? 0)}
              y={height - 6}
              text-anchor={index === 0 ? "start" : index === last ? "end" : "middle"}
            >
              {positionText(index)}
            </text>
          ))}
        </g>
      </svg>
    </div>
  );
}

type Place = (value: number) => number;

function Paths({ series, x, y }: { series: readonly Series[]; x: Place; y: Place }) {
  const path = line<number>()
    .defined((value) => !Number.isNaN(value))
    .x((_, index) => x(index))
    .y((value) => y(value));
  const below = area<number>()
    .defined((value) => !Number.isNaN(value))
    .x((_, index) => x(index))
    .y0(y(0))
    .y1((value) => y(value));
  return (
    <>
      {series.map(({ name, values, tone }) => (
        <g key={name} class={`series ${tone ?? ""}`}>
          {series.length === 1 && <path class="below" d={below([...values]) ?? ""} />}
          <path class="path" d={path([...values]) ?? ""} />
        </g>
      ))}
    </>
  );
}

function Areas({ series, x, y }: { series: readonly Series[]; x: Place; y: Place }) {
  const indexes = (series[0]?.values ?? []).map((_, index) => index);
  const layers = stack<number, number>()
    .keys(series.map((_, number) => number))
    .value((index, number) => series[number]?.values[index] || 0)(indexes);
  const shape = area<[number, number]>()
    .x((_, index) => x(index))
    .y0((pair) => y(pair[0]))
    .y1((pair) => y(pair[1]));
  return (
    <>
      {layers.map((layer, number) => (
        <path key={number} class={`layer ${series[number]?.tone ?? ""}`} d={shape(layer.map((pair) => [pair[0], pair[1]])) ?? ""}>
          <title>{series[number]?.name}</title>
        </path>
      ))}
    </>
  );
}
