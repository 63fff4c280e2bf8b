// Histograms, quantiles and means of a selection of samples.

import { bisectRight, max, mean, min, quantileSorted } from "d3-array";

export type Selection = Uint32Array;

export interface Bin {
  from: number;
  to: number;
  isLast: boolean;
  count: number;
}

// Return the edges of *count* bins of equal width. Edges are short numbers, so that a link can hold them.
export function edges(from: number, to: number, count: number): number[] {
  return Array.from({ length: count + 1 }, (_, index) => Number((from + ((to - from) * index) / count).toPrecision(12)));
}

// Count known values in bins. A bin contains its lower edge, and the last one also its upper edge.
export function histogram(values: Float64Array, selection: Selection, bounds: number[]): Bin[] {
  const last = bounds.length - 2;
  const counts = new Array<number>(last + 1).fill(0);
  for (const sample of selection) {
    const value = values[sample] ?? NaN;
    if (value >= bounds[0]! && value <= bounds[last + 1]!) counts[binOf(bounds, value)]! += 1;
  }
  return counts.map((count, index) => ({ from: bounds[index]!, to: bounds[index + 1]!, isLast: index === last, count }));
}

// Return the index of the bin that contains *value*; the first or the last one for a value out of range.
export function binOf(bounds: number[], value: number): number {
  return Math.max(0, Math.min(bounds.length - 2, bisectRight(bounds, value) - 1));
}

// Return the bounds of the rewards: the rubric's range, and wider if a reward lies outside.
export function rewardBounds(range: [number, number], rewards: Float64Array): number[] {
  return edges(Math.min(range[0], min(rewards) ?? range[0]), Math.max(range[1], max(rewards) ?? range[1]), 20);
}

// Return bounds at 1, 2, 5, 10, … for durations and lengths, which differ by orders of magnitude.
export function logBounds(values: Float64Array): number[] {
  const highest = max(values) ?? 1;
  const lowest = Math.max(min(values) ?? 1, 1e-3);
  const bounds = [];
  for (let power = Math.floor(Math.log10(lowest)); bounds.length < 60; power += 1) {
    for (const digit of [1, 2, 5]) {
      const bound = Number((digit * 10 ** power).toPrecision(1));
      bounds.push(bound);
      if (bound > highest) {
        const first = bounds.findLastIndex((edge) => edge <= lowest);
        return bounds.slice(Math.max(0, first));
      }
    }
  }
  return bounds;
}

export function known(values: Float64Array, selection: Selection): Float64Array {
  return Float64Array.from(selection, (sample) => values[sample] ?? NaN).filter((value) => !Number.isNaN(value));
}

export function meanOf(values: Float64Array, selection: Selection): number {
  return mean(known(values, selection)) ?? NaN;
}

export function quantiles(values: Float64Array, selection: Selection, shares: number[]): number[] {
  const sorted = [...known(values, selection).sort()];
  return shares.map((part) => quantileSorted(sorted, part) ?? NaN);
}

// Count how often each index occurs; -1 is not counted.
export function countsOf(indexes: Int32Array, selection: Selection, length: number): number[] {
  const counts = new Array<number>(length).fill(0);
  for (const sample of selection) {
    const index = indexes[sample] ?? -1;
    if (index >= 0) counts[index]! += 1;
  }
  return counts;
}
