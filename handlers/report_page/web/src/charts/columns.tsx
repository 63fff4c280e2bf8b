// A histogram: one column for each bin. A column is a button that filters.

import { scaleLinear } from "d3-scale";
import { max } from "d3-array";
import { useRef, useState } from "preact/hooks";
import { useWidth } from "../parts/media";
import type { Bin } from "../statistics/distribution";
import { count, short } from "../text";
import { moveFocus, onPress } from "./roving";

interface Properties {
  label: string;
  bins: readonly Bin[];
  height?: number;
  format?: (edge: number) => string;
  selected?: (bin: Bin) => boolean;
  onSelect?: (bin: Bin) => void;
}

const LEFT = 44;
const BOTTOM = 22;
const TOP = 8;
const GAP = 1.5;

export function Columns({ label, bins, height = 180, format = short, selected = () => false, onSelect }: Properties) {
  const frame = useRef<HTMLDivElement>(null);
  const width = useWidth(frame);
  const [hovered, setHovered] = useState<Bin | null>(null);
  const total = bins.reduce((sum, bin) => sum + bin.count, 0);
  const y = scaleLinear([0, Math.max(1, max(bins, (bin) => bin.count) ?? 1)], [height - BOTTOM, TOP]).nice(4);
  const x = scaleLinear([0, bins.length], [LEFT, width - 2]);
  const longest = Math.max(...bins.map((bin) => format(bin.from).length));
  const every = Math.ceil((bins.length * (7 * longest + 14)) / (width - LEFT));
  const nameOf = (bin: Bin) => `${format(bin.from)} to ${format(bin.to)}: ${count(bin.count)}`;
  const shareOf = (bin: Bin) => (total > 0 ? ` (${((100 * bin.count) / total).toFixed(1)}%)` : "");
  return (
    <div class="chart" ref={frame}>
      <svg width={width} height={height} viewBox={`0 0 ${width} ${height}`} role="group" aria-label={label} onKeyDown={moveFocus}>
        {y.ticks(4).filter(Number.isInteger).map((tick) => (
          <g key={tick} class="grid" aria-hidden="true">
            <line x1={LEFT} x2={width} y1={y(tick)} y2={y(tick)} />
            <text x={LEFT - 8} y={y(tick)} dy="0.32em" text-anchor="end">
              {count(tick)}
            </text>
          </g>
        ))}
        {bins.map((bin, index) => (
          <g
            key={index}
            class={`column ${selected(bin) ? "selected" : ""}`}
            data-mark={nameOf(bin)}
            role={onSelect ? "button" : "img"}
            aria-label={nameOf(bin) + shareOf(bin)}
            aria-pressed={onSelect ? selected(bin) : undefined}
            tabindex={index === 0 ? 0 : -1} // in this case: names of SVG attributes are case-sensitive
            onClick={() => onSelect?.(bin)}
            onKeyDown={onPress(() => onSelect?.(bin))}
            onFocus={() => setHovered(bin)}
            onBlur={() => setHovered(null)}
            onMouseEnter={() => setHovered(bin)}
            onMouseLeave={() => setHovered(null)}
          >
            <rect class="reach" x={x(index)} y={TOP} width={x(1) - x(0)} height={height - BOTTOM - TOP} />
            <rect
              class="mark"
              x={x(index) + GAP / 2}
              width={Math.max(1, x(1) - x(0) - GAP)}
              // A bin that is not empty can be seen.
              y={bin.count > 0 ? Math.min(y(bin.count), height - BOTTOM - 1.5) : height - BOTTOM}
              height={bin.count > 0 ? Math.max(1.5, height - BOTTOM - y(bin.count)) : 0}
            />
          </g>
        ))}
        <g class="axis" aria-hidden="true">
          <line x1={LEFT} x2={width} y1={height - BOTTOM} y2={height - BOTTOM} />
          {bins.map((bin, index) =>
            index % every === 0 ? (
              <text key={index} x={x(index)} y={height - 6} text-anchor="middle">
                {format(bin.from)}
              </text>
            ) : null,
          )}
          {bins.length % every === 0 && (
            <text x={width - 2} y={height - 6} text-anchor="end">
              {format(bins.at(-1)?.to ?? 0)}
            </text>
          )}
        </g>
      </svg>
      <p class="readout" aria-hidden="true">
        {hovered ? nameOf(hovered) + shareOf(hovered) : "\u00a0"}
      </p>
    </div>
  );
}
