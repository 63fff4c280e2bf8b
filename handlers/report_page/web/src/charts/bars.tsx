// Horizontal bars with a name, a count and a share. Each is a button that filters.

import type { ComponentChildren } from "preact";
import { count, plain, share } from "../text";

export interface Bar {
  key: string;
  name: string;
  shown?: ComponentChildren;
  count: number;
  tone?: string;
}

interface Properties {
  label: string;
  bars: readonly Bar[];
  total: number;
  selected?: readonly string[];
  onSelect?: (key: string) => void;
}

export function Bars({ label, bars, total, selected = [], onSelect }: Properties) {
  const most = Math.max(1, ...bars.map((bar) => bar.count));
  return (
    <ul class="bars" aria-label={label}>
      {bars.map((bar) => (
        <li key={bar.key}>
          <button
            class={`bar ${bar.tone ?? ""}`}
            aria-pressed={selected.includes(bar.key)}
            aria-label={`${plain(bar.name)}: ${count(bar.count)}, ${share(bar.count / total)}`}
            title={plain(bar.name, 400)}
            onClick={() => onSelect?.(bar.key)}
          >
            <span class="name">{bar.shown ?? <bdi class="line">{plain(bar.name)}</bdi>}</span>
            <span class="track">
              <span class="fill" style={{ width: `${(100 * bar.count) / most}%` }} />
            </span>
            <span class="number">{count(bar.count)}</span>
            <span class="number share">{share(bar.count / total)}</span>
          </button>
        </li>
      ))}
      {bars.length === 0 && <li class="nothing">None.</li>}
    </ul>
  );
}
