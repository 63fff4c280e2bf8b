// A grid of counts by two numbers. Darker is more; each cell also shows its count.

import { useRef } from "preact/hooks";
import { NARROW, useMedia, useWidth } from "../parts/media";
import { count } from "../text";
import { moveFocus, onPress } from "./roving";

interface Properties {
  label: string;
  columns: readonly string[];
  rows: readonly string[]; // from bottom to top
  counts: readonly (readonly number[])[]; // by row, then by column
  names: [string, string];
  onSelect: (row: number, column: number) => void;
}

const LEFT = 48;
const BOTTOM = 38;
const CELL_HEIGHT = 22;

export function Heat({ label, columns, rows, counts, names, onSelect }: Properties) {
  const frame = useRef<HTMLDivElement>(null);
  const width = useWidth(frame);
  const isNarrow = useMedia(NARROW);
  const cell = (width - LEFT) / columns.length;
  const most = Math.max(1, ...counts.flat());
  const height = rows.length * CELL_HEIGHT + BOTTOM;
  const strength = (number: number) => Math.sqrt(number / most);
  return (
    <div class="chart" ref={frame}>
      <svg width={width} height={height} viewBox={`0 0 ${width} ${height}`} role="group" aria-label={label} onKeyDown={moveFocus}>
        {rows.map((row, level) => {
          const y = (rows.length - 1 - level) * CELL_HEIGHT;
          return (
            <g key={row}>
              <text class="tick" x={LEFT - 8} y={y + CELL_HEIGHT / 2} dy="0.32em" text-anchor="end" aria-hidden="true">
                {row}
              </text>
              {columns.map((column, index) => {
                const number = counts[level]?.[index] ?? 0;
                const name = `${names[1]} ${row}, ${names[0]} ${column}: ${count(number)}`;
                return (
                  <g
                    key={column}
                    class={`cell ${strength(number) > 0.55 ? "strong" : ""}`}
                    data-mark={name}
                    role="button"
                    aria-label={name}
                    tabindex={level === 0 && index === 0 ? 0 : -1} // in this case: see columns.tsx
                    onClick={() => onSelect(level, index)}
                    onKeyDown={onPress(() => onSelect(level, index))}
                  >
                    <title>{name}</title>
                    <rect x={LEFT + index * cell} y={y} width={cell - 2} height={CELL_HEIGHT - 2} rx="2" />
                    <rect
                      class="ink"
                      x={LEFT + index * cell}
                      y={y}
                      width={cell - 2}
                      height={CELL_HEIGHT - 2}
                      rx="2"
                      style={{ opacity: number > 0 ? 0.1 + 0.9 * strength(number) : 0 }}
                    />
                    {number > 0 && !(isNarrow && number > 999) && (
                      <text x={LEFT + (index + 0.5) * cell - 1} y={y + CELL_HEIGHT / 2 - 1} dy="0.34em" text-anchor="middle">
                        {count(number)}
                      </text>
                    )}
                  </g>
                );
              })}
            </g>
          );
        })}
        <g class="axis" aria-hidden="true">
          {columns.map((column, index) =>
            index % (isNarrow ? 2 : 1) === 0 ? (
              <text key={column} x={LEFT + (index + 0.5) * cell - 1} y={height - BOTTOM + 14} text-anchor="middle">
                {column}
              </text>
            ) : null,
          )}
          <text x={LEFT} y={height - 4} text-anchor="start">
            {names[0]} →
          </text>
          <text x={width - 2} y={height - 4} text-anchor="end">
            ↑ {names[1]}
          </text>
        </g>
      </svg>
    </div>
  );
}
