// Statistics by training step or time, and in words: where a reward rises together with cheating.

import type { Meta, Run } from "../data";
import { groupsOf, isAllEqual } from "./groups";
import { countsOf, meanOf, type Selection } from "./distribution";

const LARGEST_COUNT = 60;
const SMALLEST_RISE = 0.02;
const SMALLEST_Z = 3;

export interface Interval {
  from: number;
  to: number;
  samples: Selection;
  reward: number;
  correctness: number;
  accepted: number;
  length: number;
  equal: number;
  violations: number;
  constants: number;
  verdicts: number[]; // shares, in the order of `meta.verdicts`
}

export type Axis = "step" | "time";

export function axisOf(run: Run): Axis | null {
  return (["step", "time"] as const).find((axis) => new Set(run.values(axis).filter((value) => !Number.isNaN(value))).size > 1) ?? null;
}

// Divide *selection* into intervals with equally many different steps, and describe each.
export function trendsOf(meta: Meta, run: Run, selection: Selection, axis: Axis): Interval[] {
  const values = run.values(axis);
  const steps = [...selection].filter((sample) => !Number.isNaN(values[sample]!));
  const different = [...new Set(steps.map((sample) => values[sample]!))].sort((one, other) => one - other);
  const count = Math.min(LARGEST_COUNT, different.length);
  const places = new Map(different.map((step, index) => [step, Math.floor((index * count) / different.length)]));
  const samples = Array.from({ length: count }, () => [] as number[]);
  for (const sample of steps) samples[places.get(values[sample]!)!]!.push(sample);
  return samples.map((members) => describe(meta, run, Uint32Array.from(members), values));
}

function describe(meta: Meta, run: Run, samples: Selection, values: Float64Array): Interval {
  const graded = samples.filter((sample) => run.isGraded(sample));
  const steps = Array.from(samples, (sample) => values[sample]!);
  const groups = groupsInSteps(run, samples).filter((group) => group.rewards.length >= 2);
  const counts = countsOf(run.indexOf("verdict"), samples, meta.verdicts.length);
  const shareOf = (part: number, whole: number) => (whole > 0 ? part / whole : NaN);
  return {
    from: steps.reduce((least, step) => Math.min(least, step), Infinity),
    to: steps.reduce((most, step) => Math.max(most, step), -Infinity),
    samples,
    reward: meanOf(run.values("reward"), graded),
    correctness: meanOf(run.values("correctness"), graded),
    accepted: shareOf(graded.filter((sample) => run.isAccepted(sample)).length, graded.length),
    length: meanOf(run.values("completion_length"), samples),
    equal: shareOf(groups.filter(isAllEqual).length, groups.length),
    violations: meanOf(run.values("security_violation"), samples),
    constants: meanOf(run.values("constant_like"), samples),
    verdicts: counts.map((number) => shareOf(number, samples.length)),
  };
}

// Return the groups as a trainer sees them: the samples of one prompt in one step.
export function groupsInSteps(run: Run, samples: Selection) {
  const steps = run.values("step");
  const bySteps = new Map<number, number[]>();
  for (const sample of samples) {
    const members = bySteps.get(steps[sample]!);
    if (members) members.push(sample);
    else bySteps.set(steps[sample]!, [sample]);
  }
  return [...bySteps.values()].flatMap((members) => groupsOf(run, Uint32Array.from(members)));
}

export interface Onset {
  what: "violations" | "constants";
  from: number; // the share in the first quarter of the intervals
  to: number; // the share in the last quarter
  at: Interval; // the first interval of the rise
  rewardFrom: number;
  rewardTo: number;
}

// Find signs of reward hacking: a share that rises clearly between the first and the last quarter.
// "Clearly" is by at least two percentage points, and by three standard errors.
export function onsets(intervals: readonly Interval[]): Onset[] {
  const quarter = Math.max(1, Math.floor(intervals.length / 4));
  if (intervals.length < 4) return [];
  const [first, last] = [intervals.slice(0, quarter), intervals.slice(-quarter)];
  return (["violations", "constants"] as const).flatMap((what) => {
    const [from, n] = pooled(first, what);
    const [to, m] = pooled(last, what);
    const all = (from * n + to * m) / (n + m);
    const error = Math.sqrt(all * (1 - all) * (1 / n + 1 / m));
    if (!(to - from >= SMALLEST_RISE && to - from >= SMALLEST_Z * error)) return [];
    const half = (from + to) / 2;
    const start = intervals.findIndex((interval, index) => interval[what] > half && (intervals[index + 1]?.[what] ?? to) > half);
    const at = intervals[start] ?? last[0]!;
    return [{ what, from, to, at, rewardFrom: pooled(first, "reward")[0], rewardTo: pooled(last, "reward")[0] }];
  });
}

// Return the mean of a statistic over intervals, weighted by their samples, and the number of samples.
function pooled(intervals: readonly Interval[], what: "violations" | "constants" | "reward"): [number, number] {
  const known = intervals.filter((interval) => !Number.isNaN(interval[what]));
  const total = known.reduce((sum, interval) => sum + interval.samples.length, 0);
  return [known.reduce((sum, interval) => sum + interval[what] * interval.samples.length, 0) / total, total];
}
